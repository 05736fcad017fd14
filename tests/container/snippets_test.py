#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/examples: each is given to the tool that it is written for, with the marked values replaced. The tools of SAM and of
Terraform are in no package of Debian's or npm's; their files are held against the types that CDK has of what they accept:
made from SAM's own specification, and from the schema of Terraform's AWS provider."""
import base64
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import yaml

import sandboxed
from calls import call
from npm import install

EXAMPLES = sandboxed.TOP / "docs/examples"
LIBRARY = "/opt/lib/libdevshm.so"
# Majors, so that an example that no longer fits its tool is noticed when the major changes here.
NPM = [
    "aws-cdk@2",
    "aws-cdk-lib@2",
    "constructs@10",
    "typescript@5",
    "@types/node@20",
    "@cdktf/hcl2json@0",
    "serverless@3",
]

# Of a package of 700 MB, the two resources that are used.
PROVIDER, RESOURCES = "@cdktf/provider-aws@21", ("package/lib/lambda-function", "package/lib/lambda-layer-version")
TSC = ("npx", "--no-install", "tsc", "--strict", "--skipLibCheck", "--module", "commonjs", "--target", "es2022")


class Template(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


Template.add_constructor("!Ref", lambda loader, node: {"Ref": loader.construct_scalar(node)})


def camel(name):
    """some_name or SomeName as TypeScript's types have it: someName."""
    first, *others = re.findall("[^_]+", name)
    return first[0].lower() + first[1:] + "".join(word[0].upper() + word[1:] for word in others)


def typed(value):
    """As an expression of TypeScript. What users name themselves stays as it is; a block of which there is one is that."""
    if isinstance(value, dict):
        return {camel(name): inner if camel(name) == "variables" else typed(inner) for name, inner in value.items()}
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and "Ref" not in value[0]:
        return typed(value[0])
    return value


class Snippets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="snippets-test.", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        install(cls.place, *NPM)
        archive = call("npm", "pack", "--silent", PROVIDER, cwd=cls.place).split()[-1]
        call("tar", "-xzf", archive, *RESOURCES, cwd=cls.place)
        (cls.place / archive).unlink()
        # What the types refer to, and no more: the package of that name is for programs.
        (cls.place / "cdktf.d.ts").write_text(
            "declare module 'cdktf' { interface TerraformMetaArguments {} "
            "interface IResolvable { readonly creationStack: string[] } }\n"
        )
        shutil.copytree(EXAMPLES / "check", cls.place / "code")
        (cls.place / "layers").mkdir()
        shutil.copy(sandboxed.layer("x86_64"), cls.place / "layers")
        shutil.copy(sandboxed.layer("x86_64"), cls.place / "layers/function.zip")

    def replaced(self, name):
        """The example as a user would have it, in the scratch directory; nothing else is changed."""
        text = (EXAMPLES / name).read_text()
        for mark, value in (
            ("REPLACE-PATH", "layers"),
            ("REPLACE-CODE-DIRECTORY", "code"),
            ("REPLACE-STACK-NAME", "Stack"),
            ("REPLACE-FUNCTION-NAME", "function"),
            ("REPLACE-SERVICE-NAME", "service"),
            ("REPLACE-ROLE-ARN", "arn:aws:iam::123456789012:role/function"),
        ):
            text = text.replace(mark, value)
        self.assertNotRegex(text.replace("begins with REPLACE", ""), "REPLACE", "a mark that this test does not know")
        target = self.place / pathlib.Path(name).name
        target.write_text(text)
        return target

    def assert_accepts(self, module, kinds):
        """TypeScript's compiler takes the values for the module's types; with a name more that is not known, or with a
        value of another type, it refuses each."""
        lines, wrong = ["/// <reference path='cdktf.d.ts' />", "import * as m from '%s';" % module], []
        for kind, value in kinds:
            for more in ({}, {"unknown": 1}, {"description": [1]}):
                lines.append("export const v%d: m.%s = %s;" % (len(lines), kind, json.dumps({**typed(value), **more})))
                wrong += [len(lines)] if more else []
        source = self.place / "accepts.ts"
        source.write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            [*TSC, "--noEmit", "--pretty", "false", source.name],
            cwd=self.place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found = [int(line) for line in re.findall(r"^accepts\.ts\((\d+),\d+\): error ", done.stdout, re.MULTILINE)]
        self.assertEqual(found, wrong, done.stdout)

    def test_cdk_and_sam(self):
        source = self.replaced("cdk/app.ts")
        call(*TSC, source, cwd=self.place)
        call(
            "npx",
            "--no-install",
            "cdk",
            "synth",
            "--quiet",
            "--no-notices",
            "--app",
            "node " + source.with_suffix(".js").name,
            cwd=self.place,
            env={**os.environ, "CI": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"},
        )
        resources = json.loads((self.place / "cdk.out/Stack.template.json").read_text())["Resources"]
        function = next(r for r in resources.values() if r["Type"] == "AWS::Lambda::Function")["Properties"]
        (layer,) = [name for name, r in resources.items() if r["Type"] == "AWS::Lambda::LayerVersion"]
        self.assertEqual(function["Layers"], [{"Ref": layer}])
        self.assertEqual(function["Environment"]["Variables"], {"LD_PRELOAD": LIBRARY})
        self.assertEqual(resources[layer]["Properties"]["CompatibleArchitectures"], function["Architectures"])
        # SAM's says the same by the same names.
        sam = yaml.load(self.replaced("sam.yaml").read_text(), Loader=Template)["Resources"]  # a SafeLoader
        own = sam["Function"]["Properties"]
        for name in ("Handler", "Runtime", "Architectures", "MemorySize", "Timeout", "Environment"):
            self.assertEqual(own[name], function[name], name)
        self.assertEqual(own["Layers"], [{"Ref": "DevshmLayer"}])
        self.assertEqual(sam["DevshmLayer"]["Properties"]["CompatibleArchitectures"], ["x86_64"])
        for path in (own["CodeUri"], sam["DevshmLayer"]["Properties"]["ContentUri"]):
            self.assertTrue((self.place / path).exists(), path)
        # CDK's copy of SAM's specification is older than the layer's architectures, which SAM hands on as they are.
        layer = dict(sam["DevshmLayer"]["Properties"])
        self.assert_accepts(
            "aws-cdk-lib/aws-lambda",
            [
                (
                    "CfnLayerVersionProps",
                    {
                        "Content": {"S3Bucket": "bucket", "S3Key": "key"},
                        "CompatibleArchitectures": layer.pop("CompatibleArchitectures"),
                    },
                )
            ],
        )
        self.assertEqual(
            {name: r["Type"] for name, r in sam.items()},
            {"DevshmLayer": "AWS::Serverless::LayerVersion", "Function": "AWS::Serverless::Function"},
        )
        # CDK knows a reference by a type of its own.
        self.assert_accepts(
            "aws-cdk-lib/aws-sam",
            [("CfnFunctionProps", {**own, "Layers": ["reference"]}), ("CfnLayerVersionProps", layer)],
        )

    def test_serverless(self):
        file = self.replaced("serverless.yml")
        # Its own schema, of which it would only warn.
        file.write_text(file.read_text() + "configValidationMode: error\n")

        def show():
            return call(
                "npx",
                "--no-install",
                "serverless",
                "print",
                cwd=self.place,
                env={**os.environ, "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "CI": "1"},
            )

        printed = yaml.safe_load(show())
        self.assertEqual(printed["functions"]["function"]["environment"], {"LD_PRELOAD": LIBRARY})
        self.assertEqual(printed["functions"]["function"]["layers"], [{"Ref": "DevshmLambdaLayer"}])
        self.assertTrue((self.place / printed["layers"]["devshm"]["package"]["artifact"]).exists())
        file.write_text(file.read_text().replace("licenseInfo", "licence"))
        with self.assertRaisesRegex(AssertionError, "unrecognized property 'licence'"):
            show()

    def test_terraform(self):
        source = self.replaced("terraform/main.tf")
        script = (
            "require('@cdktf/hcl2json').parse('main.tf', require('fs').readFileSync('%s', 'utf8'))"
            ".then(found => console.log(JSON.stringify(found)))" % source
        )
        found = json.loads(call("node", "-e", script, cwd=self.place))["resource"]
        function = found["aws_lambda_function"]["function"][0]
        self.assertEqual(function["environment"][0]["variables"], {"LD_PRELOAD": LIBRARY})
        self.assertEqual(function["layers"], ["${aws_lambda_layer_version.devshm.arn}"])
        layer = found["aws_lambda_layer_version"]["devshm"][0]
        self.assertEqual(layer["compatible_architectures"], function["architectures"])
        self.assertTrue((self.place / layer["filename"]).exists())
        self.assert_accepts("./package/lib/lambda-function", [("LambdaFunctionConfig", function)])
        self.assert_accepts("./package/lib/lambda-layer-version", [("LambdaLayerVersionConfig", layer)])

    def test_aws_cli(self):
        """The real program checks its parameters against the service's model; the service is played here."""
        requests = {}

        class Service(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                requests[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = b'{"LayerVersionArn": "arn:aws:lambda:us-east-1:123456789012:layer:devshm:1"}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        script = self.replaced("aws-cli.sh").read_text()
        (self.place / "offline.sh").write_text(
            script.replace(
                "aws lambda", "aws --region us-east-1 --endpoint-url http://127.0.0.1:%d lambda" % server.server_port
            )
        )
        call(
            "sh",
            "offline.sh",
            cwd=self.place,
            env={
                **os.environ,
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_PAGER": "",
                "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1",
            },
        )
        published = requests["/2018-10-31/layers/devshm/versions"]
        self.assertEqual(base64.b64decode(published["Content"]["ZipFile"]), sandboxed.layer("x86_64").read_bytes())
        self.assertEqual(published["CompatibleArchitectures"], ["x86_64"])
        self.assertEqual(
            requests["/2015-03-31/functions/function/configuration"],
            {
                "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:devshm:1"],
                "Environment": {"Variables": {"LD_PRELOAD": LIBRARY}},
            },
        )

    def test_one_version_and_one_path_everywhere(self):
        version = re.search(r"version: '([^']+)'", (sandboxed.TOP / "meson.build").read_text())[1]
        for path in EXAMPLES.rglob("*"):
            if path.is_file() and path.parent.name not in ("check", "probe"):  # handlers
                text = path.read_text()
                self.assertIn("devshm-%s-layer-x86_64.zip" % version, text, path)
                self.assertIn(LIBRARY, text, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
