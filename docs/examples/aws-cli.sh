#!/bin/sh
# SPDX-License-Identifier: MIT
#
# AWS CLI: publishes the layer and gives it to a function. Replace what begins with REPLACE.
# update-function-configuration sets the whole list of layers and all variables: name those that the function has too.
set -eu

layer=$(aws lambda publish-layer-version \
  --layer-name devshm \
  --description "a working /dev/shm" \
  --license-info MIT \
  --compatible-architectures x86_64 \
  --zip-file fileb://REPLACE-PATH/devshm-0.1.0-layer-x86_64.zip \
  --query LayerVersionArn --output text)

aws lambda update-function-configuration \
  --function-name REPLACE-FUNCTION-NAME \
  --layers "$layer" \
  --environment 'Variables={LD_PRELOAD=/opt/lib/libdevshm.so}'
