# SPDX-License-Identifier: MIT
"""An OCI image for `COPY --from=devshm / /opt`, for all architectures, as an archive (OCI image layout, in a tar file). It has the
files of the Lambda layer and nothing else: it can't be run."""
import hashlib
import json

from .. import build, system, tree
from . import layer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Layout:
    """A directory in the image layout; each blob has its hash as its name."""

    def __init__(self, root):
        self.root = root
        (root / "blobs/sha256").mkdir(parents=True)
        (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def add(self, kind, content, **more):
        """Writes a blob (bytes, or what is to be JSON), and returns its descriptor."""
        if not isinstance(content, bytes):
            content = json.dumps(content, sort_keys=True).encode()
        digest = hashlib.sha256(content).hexdigest()
        (self.root / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(content), **more}

    def add_image(self, files, architecture, labels):
        packed = tree.tar(files)
        config = self.add(
            CONFIG,
            {
                "created": tree.moment(),
                "architecture": architecture,
                "os": "linux",
                "config": {"Labels": labels},
                "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(packed).hexdigest()]},
                "history": [{"created": tree.moment(), "created_by": "container/release"}],
            },
        )
        return self.add(
            MANIFEST,
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": config,
                "layers": [self.add(LAYER, tree.compressed(packed))],
            },
            platform={"architecture": architecture, "os": "linux"},
        )


def make_for_all(installed, output, work):
    labels = {
        "org.opencontainers.image.title": "devshm",
        "org.opencontainers.image.description": system.DESCRIPTION,
        "org.opencontainers.image.version": build.version(),
        "org.opencontainers.image.licenses": "MIT",
    }
    name = "devshm:" + build.version()
    layout = Layout(work / "layout")
    manifests = []
    for one in installed:
        files = work / one.architecture.name
        layer.assemble(one, files)
        manifests.append(layout.add_image(files, one.architecture.debian, labels))
    # There is one entry for all architectures, because tools refuse an archive of several images as ambiguous.
    index = layout.add(
        INDEX,
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, "annotations": labels},
        annotations={  # the name that it gets: podman reads the first, docker the second
            "org.opencontainers.image.ref.name": name,
            "io.containerd.image.name": "docker.io/library/" + name,
        },
    )
    (layout.root / "index.json").write_text(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [index]}))
    tree.settle(layout.root)
    target = output / ("devshm-%s-image.tar" % build.version())
    target.write_bytes(tree.tar(layout.root))
    return target
