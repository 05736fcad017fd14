# SPDX-License-Identifier: MIT
#
# Lambda layers with devshm, one for each architecture. A function needs the layer for its architecture and one variable:
#
#   module "devshm" {
#     source = "./devshm-@VERSION@-terraform"
#   }
#
#   resource "aws_lambda_function" "function" {
#     ...
#     architectures = ["arm64"]
#     layers        = [module.devshm.layer_arns["arm64"]]
#     environment {
#       variables = module.devshm.environment
#     }
#   }
terraform {
  required_version = ">= 0.13"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

resource "aws_lambda_layer_version" "devshm" {
  for_each                 = var.architectures
  layer_name               = "${var.layer_name}-${each.key}"
  description              = "a working /dev/shm"
  license_info             = "MIT"
  filename                 = "${path.module}/devshm-@VERSION@-layer-${each.key}.zip"
  source_code_hash         = filebase64sha256("${path.module}/devshm-@VERSION@-layer-${each.key}.zip")
  compatible_architectures = [each.key]
}
