# SPDX-License-Identifier: MIT
"""A Terraform module that publishes the Lambda layers, which are in it."""
import json
import pathlib

from .. import build, sbom, tree
from . import layer

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "terraform"


def add_layers(installed, root, work):
    for one in installed:
        place = work / ("layer-" + one.architecture.name)
        place.mkdir()
        layer.make(one, root, place)


def make_for_all(installed, output, work):
    name = "devshm-%s-terraform" % build.version()
    root = work / "root"
    root.mkdir()
    names = json.dumps([one.architecture.name for one in installed])
    for path in tree.files(SOURCES):
        (root / path.name).write_text(
            path.read_text().replace("@VERSION@", build.version()).replace("@ARCHITECTURES@", names)
        )
    add_layers(installed, root, work)
    tree.copy(build.PROJECT / "LICENSE", root / "LICENSE")
    sbom.write(root, "Terraform module", [])
    tree.settle(root)
    target = output / (name + ".zip")
    tree.write_zip(root, target)
    return target
