#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The Terraform module and the application for AWS's repository that container/release makes, read by the tools of snippets_test:
neither can be applied without AWS."""
import json
import pathlib
import shutil
import sys
import unittest

import yaml

import sandboxed
import snippets_test
from calls import call

sys.dont_write_bytecode = True
from delivery import build  # noqa: E402  pylint: disable=wrong-import-position


class Modules(unittest.TestCase):
    setUpClass = classmethod(snippets_test.Snippets.setUpClass.__func__)
    assert_accepts = snippets_test.Snippets.assert_accepts

    def unpacked(self, form):
        """What container/release makes of it, as a user has it; with layers that are those that it makes by themselves."""
        (archive,) = sandboxed.release().glob("devshm-*-%s.zip" % form)
        directory = self.place / form
        shutil.unpack_archive(archive, directory)
        for layer in directory.glob("*-layer-*.zip"):
            self.assertEqual(layer.read_bytes(), (sandboxed.release() / layer.name).read_bytes())
        return directory

    def test_the_module_for_terraform(self):
        directory = self.unpacked("terraform")
        script = (
            "const hcl = require('@cdktf/hcl2json'), fs = require('fs'); Promise.all(process.argv.slice(1).map(f => "
            "hcl.parse(f, fs.readFileSync(f, 'utf8')))).then(all => console.log(JSON.stringify(Object.assign({}, ...all))))"
        )
        found = json.loads(call("node", "-e", script, *sorted(directory.glob("*.tf")), cwd=self.place))
        layer = found["resource"]["aws_lambda_layer_version"]["devshm"][0]
        architectures = found["variable"]["architectures"][0]["default"]
        self.assertEqual(layer.pop("for_each"), "${var.architectures}")
        self.assertEqual(found["output"]["environment"][0]["value"], {"LD_PRELOAD": snippets_test.LIBRARY})
        self.assertIn("aws_lambda_layer_version.devshm :", found["output"]["layer_arns"][0]["value"])
        for architecture in architectures:
            each = {
                name: [architecture]
                if value == ["${each.key}"]
                else value.replace("${each.key}", architecture).replace(
                    "${var.layer_name}", found["variable"]["layer_name"][0]["default"]
                )
                for name, value in layer.items()
            }
            self.assertTrue(pathlib.Path(each["filename"].replace("${path.module}", str(directory))).exists())
            self.assert_accepts("./package/lib/lambda-layer-version", [("LambdaLayerVersionConfig", each)])

    def test_the_application_for_the_serverless_repository(self):
        """Its template names files that are there, and what CDK's types of SAM accept."""
        directory = self.unpacked("sar")
        template = yaml.load((directory / "template.yaml").read_text(), Loader=snippets_test.Template)  # a SafeLoader
        application = template["Metadata"]["AWS::ServerlessRepo::Application"]
        self.assertEqual((application["SpdxLicenseId"], application["SemanticVersion"]), ("MIT", build.version()))
        for resource in template["Resources"].values():
            layer = dict(resource["Properties"])
            (architecture,) = layer.pop("CompatibleArchitectures")
            self.assertIn("-layer-%s.zip" % architecture, layer["ContentUri"])
            self.assert_accepts("aws-cdk-lib/aws-sam", [("CfnLayerVersionProps", layer)])
        named = [
            application["LicenseUrl"],
            application["ReadmeUrl"],
            *(resource["Properties"]["ContentUri"] for resource in template["Resources"].values()),
        ]
        self.assertEqual([name for name in named if not (directory / name).is_file()], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
