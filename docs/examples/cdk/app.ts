// SPDX-License-Identifier: MIT
//
// AWS CDK: the layer, and a function that uses it. Replace what begins with REPLACE.
import * as cdk from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';

const app = new cdk.App();
const stack = new cdk.Stack(app, 'REPLACE-STACK-NAME');

const devshm = new lambda.LayerVersion(stack, 'DevshmLayer', {
  description: 'a working /dev/shm',
  license: 'MIT',
  code: lambda.Code.fromAsset('REPLACE-PATH/devshm-0.1.0-layer-x86_64.zip'),
  compatibleArchitectures: [lambda.Architecture.X86_64],
});

new lambda.Function(stack, 'Function', {
  code: lambda.Code.fromAsset('REPLACE-CODE-DIRECTORY'),
  handler: 'app.handler',
  runtime: lambda.Runtime.PYTHON_3_13,
  architecture: lambda.Architecture.X86_64,
  memorySize: 512,
  timeout: cdk.Duration.seconds(30),
  layers: [devshm],
  environment: { LD_PRELOAD: '/opt/lib/libdevshm.so' },
});
