# SPDX-License-Identifier: MIT
output "layer_arns" {
  description = "the layer's ARN, by architecture"
  value       = { for architecture, layer in aws_lambda_layer_version.devshm : architecture => layer.arn }
}

output "environment" {
  description = "the variables that the function needs"
  value       = { LD_PRELOAD = "/opt/lib/libdevshm.so" }
}
