# SPDX-License-Identifier: MIT
#
# Terraform: the layer, and a function that uses it. Replace what begins with REPLACE.
resource "aws_lambda_layer_version" "devshm" {
  layer_name               = "devshm"
  description              = "a working /dev/shm"
  license_info             = "MIT"
  filename                 = "REPLACE-PATH/devshm-0.1.0-layer-x86_64.zip"
  source_code_hash         = filebase64sha256("REPLACE-PATH/devshm-0.1.0-layer-x86_64.zip")
  compatible_architectures = ["x86_64"]
}

resource "aws_lambda_function" "function" {
  function_name = "REPLACE-FUNCTION-NAME"
  role          = "REPLACE-ROLE-ARN"
  filename      = "REPLACE-PATH/function.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
  architectures = ["x86_64"]
  memory_size   = 512
  timeout       = 30
  layers        = [aws_lambda_layer_version.devshm.arn]

  environment {
    variables = {
      LD_PRELOAD = "/opt/lib/libdevshm.so"
    }
  }
}
