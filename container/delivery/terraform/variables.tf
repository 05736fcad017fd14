# SPDX-License-Identifier: MIT
variable "architectures" {
  description = "which layers to publish: x86_64, arm64"
  type        = set(string)
  default     = @ARCHITECTURES@
}

variable "layer_name" {
  description = "the layers' name, before their architecture"
  type        = string
  default     = "devshm"
}
