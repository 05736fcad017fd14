# SPDX-License-Identifier: MIT
"""An application for the AWS Serverless Application Repository: a SAM template, and the Lambda layers that it publishes."""
import pathlib
import shutil

from .. import build, sbom, tree
from . import terraform

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "sar"
TEMPLATE = """# SPDX-License-Identifier: MIT
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: Lambda layers that give functions a working /dev/shm.
Metadata:
  AWS::ServerlessRepo::Application:
    Name: devshm
    Description: A working /dev/shm for Lambda functions (multiprocessing, shared memory, POSIX semaphores).
    Author: devshm developers
    SpdxLicenseId: MIT
    LicenseUrl: LICENSE
    ReadmeUrl: README.md
    Labels: [layer, multiprocessing, shared-memory, python]
    SemanticVersion: {version}
Resources:
{resources}
Outputs:
{outputs}
"""
RESOURCE = """  {name}:
    Type: AWS::Serverless::LayerVersion
    Properties:
      LayerName: devshm-{architecture}
      Description: a working /dev/shm
      LicenseInfo: MIT
      ContentUri: devshm-{version}-layer-{architecture}.zip
      CompatibleArchitectures:
        - {architecture}
      RetentionPolicy: Retain"""
OUTPUT = """  {name}:
    Description: ARN of the layer for functions on {architecture}
    Value: !Ref {name}"""
NAMES = {"x86_64": "LayerX8664", "arm64": "LayerArm64"}


def make_for_all(installed, output, work):
    root = work / "root"
    root.mkdir()

    def each(text):
        return "\n".join(
            text.format(name=NAMES[one.architecture.name], architecture=one.architecture.name, version=build.version())
            for one in installed
        )

    (root / "template.yaml").write_text(
        TEMPLATE.format(version=build.version(), resources=each(RESOURCE), outputs=each(OUTPUT))
    )
    shutil.copy(SOURCES / "README.md", root / "README.md")
    terraform.add_layers(installed, root, work)
    tree.copy(build.PROJECT / "LICENSE", root / "LICENSE")
    sbom.write(root, "application for the AWS Serverless Application Repository", [])
    tree.settle(root)
    target = output / ("devshm-%s-sar.zip" % build.version())
    tree.write_zip(root, target)
    return target
