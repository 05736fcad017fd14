# SPDX-License-Identifier: MIT
"""What is inside the files that container/release makes: {name: bytes} for each form, read by tools that did not make them."""
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import zipfile

SBOM = ".cdx.json"


def output(*command, **options):
    return subprocess.run(
        [str(word) for word in command],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        check=True,
        **options
    ).stdout


def of_tar(content):
    result = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            assert (entry.uid, entry.gid) == (0, 0), entry.name
            if entry.isfile():
                result[entry.name[2:] if entry.name.startswith("./") else entry.name] = archive.extractfile(
                    entry
                ).read()
    return result


def of_zip(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def of_rpm(path):
    with open(path, "rb") as file:
        archive = output("rpm2cpio", stdin=file)
    names = output("rpm", "-qp", "--nosignature", "--qf", r"[%{FILENAMES}\n]", path, text=True).split("\n")[:-1]
    result = {}
    for name in names:
        content = subprocess.run(
            ["cpio", "--quiet", "-i", "--to-stdout", "." + name], input=archive, stdout=subprocess.PIPE, check=True
        ).stdout
        if content:  # no directory
            result[name.lstrip("/")] = content
    return result


def of_image(path):
    """The files of the first architecture's only layer."""
    blobs = of_tar(path.read_bytes())

    def blob(descriptor):
        content = blobs["blobs/sha256/" + descriptor["digest"].partition(":")[2]]
        assert descriptor["digest"] == "sha256:" + hashlib.sha256(content).hexdigest() and descriptor["size"] == len(
            content
        )
        return content

    index = json.loads(blob(json.loads(blobs["index.json"])["manifests"][0]))
    (layer,) = json.loads(blob(index["manifests"][0]))["layers"]
    return of_tar(gzip.decompress(blob(layer)))


def of_apk(path):
    files = of_tar(gzip.decompress(path.read_bytes()))
    del files[".PKGINFO"]
    return files


def of(path):
    if path.suffix in (".zip", ".whl"):
        return of_zip(path)
    if path.suffix == ".deb":
        return of_tar(output("dpkg-deb", "--fsys-tarfile", path))
    if path.suffix == ".rpm":
        return of_rpm(path)
    if path.suffix == ".apk":
        return of_apk(path)
    if path.name.endswith("-image.tar"):
        return of_image(path)
    if path.suffix in (".gz", ".tgz"):
        return of_tar(gzip.decompress(path.read_bytes()))
    return {name: (path.parent / name).read_bytes() for name in (path.name, path.stem + SBOM, "LICENSE")}


def sbom(files):
    """(its name, its content)"""
    (name,) = (name for name in files if name.endswith(SBOM))
    return name, json.loads(files[name])


def differences(files):
    """What the SBOM and the files themselves say differently of names and contents. A list of the format's own, and what lies
    beside the library, are not listed."""
    name, document = sbom(files)
    listed = {part["name"]: part["hashes"][0]["content"] for part in document["components"] if part["type"] == "file"}
    inside = {
        other: hashlib.sha256(content).hexdigest()
        for other, content in files.items()
        if other != name and not other.endswith(".dist-info/RECORD")
    }
    if len(listed) == 1:  # the library alone
        inside.pop("LICENSE", None)
    folder = "" if set(listed) <= set(inside) else pathlib.PurePath(min(files)).parts[0] + "/"
    return sorted({folder + key for key in listed} ^ set(inside)) + [
        key for key in listed if inside.get(folder + key) not in (None, listed[key])
    ]
