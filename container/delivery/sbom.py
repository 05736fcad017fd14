# SPDX-License-Identifier: MIT
"""The software bill of materials of a directory of files: CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/)."""
import hashlib
import json
import uuid

from . import build, tree

NAME = "devshm.cdx.json"


def write(root, form, statically_linked, target=None):
    """Writes it to `target`, by default NAME at the top of `root`, about all other files in `root`. `statically_linked`: the
    components in its programs."""
    target = target or root / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    inside = [file(path, root) for path in tree.files(root) if path != target]
    target.write_text(document(form, inside, statically_linked))


def file(path, root):
    name = str(path.relative_to(root))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"type": "file", "bom-ref": "file:" + name, "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def library(name, version, licence, purl):
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"expression": licence}],
    }


def document(form, inside, statically_linked):
    own = "pkg:generic/devshm@" + build.version()
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": tree.moment(),
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "devshm",
                "version": build.version(),
                "description": "a working /dev/shm for programs on machines without one; " + form,
                "licenses": [{"license": {"id": "MIT"}}],
                "purl": own,
            },
        },
        "components": [*inside, *statically_linked],
        "dependencies": [
            {"ref": own, "dependsOn": [one["bom-ref"] for one in statically_linked]},
            *({"ref": one["bom-ref"]} for one in statically_linked),
        ],
    }
    # The same content has the same number.
    content["serialNumber"] = "urn:uuid:%s" % uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return json.dumps(content, indent=1) + "\n"
