# SPDX-License-Identifier: MIT
"""The command line of container/release."""
import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from progress import Failed

from . import build
from .forms import apk, deb, image, layer, library, npm, rpm, sar, tarball, terraform, wheel

EPILOG = """\
forms, and the files that are made; V is the version, A the architecture:
  layer      devshm-V-layer-A.zip      a Lambda layer: lib/libdevshm.so, bin/devshm, the exec wrapper devshm-wrapper
  tarball    devshm-V-linux-A.tar.gz   all files, for unpacking anywhere
  library    libdevshm-A.so            the library alone, for copying as libdevshm.so
  deb        devshm_V_A.deb            for Debian and Ubuntu
  rpm        devshm-V-1.A.rpm          for Fedora, Amazon Linux, SUSE and others
  apk        devshm-V-r0.A.apk         for Alpine (apk add --allow-untrusted)
  wheel      devshm-V-py3-none-*.whl   for pip: python3 -m devshm run app.py
  npm        devshm-V.tgz              for npm: npx devshm run app.js
  image      devshm-V-image.tar        an OCI image for COPY --from=devshm / /opt (podman load, docker load)
  terraform  devshm-V-terraform.zip    a Terraform module with the layers
  sar        devshm-V-sar.zip          an application for the AWS Serverless Application Repository
SHA256SUMS lists all of them (check them with sha256sum -c). Each contains the licence and a CycloneDX SBOM; for the
library alone these are separate files. The tarball and the packages of distributions also contain devshmd, the daemon.

examples:
  container/release                                  everything, for both architectures, in build-release/
  container/release --only layer --arch arm64        one Lambda layer
  container/release --only deb --only rpm --output /tmp/packages

The same sources give the same bytes; times in the files are SOURCE_DATE_EPOCH, or 1980. docs/lambda.md explains how to
use the layer in a function."""
FOR_EACH = {"layer": layer, "tarball": tarball, "library": library, "deb": deb, "rpm": rpm, "apk": apk, "wheel": wheel}
FOR_ALL = {"npm": npm, "image": image, "terraform": terraform, "sar": sar}
FORMS = [*FOR_EACH, *FOR_ALL]
WITH_DAEMON = {"tarball", "deb", "rpm", "apk"}
SUMS = "SHA256SUMS"


def parser():
    result = argparse.ArgumentParser(
        prog="container/release",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds the files to deliver: Lambda layers, packages and all other forms.",
    )
    result.add_argument(
        "--output",
        metavar="DIR",
        type=pathlib.Path,
        default=build.PROJECT / "build-release",
        help="default: build-release/ in the checkout",
    )
    result.add_argument(
        "--arch", choices=list(build.architectures(os.uname().machine)), action="append", help="default: all"
    )
    result.add_argument(
        "--only",
        metavar="FORM",
        choices=FORMS,
        action="append",
        help="can be repeated; default: every form: " + ", ".join(FORMS),
    )
    result.add_argument("--no-install", action="store_true", help="don't install Debian packages that are missing")
    return result


def say(text):
    print(text, file=sys.stderr, flush=True)


def provide(architectures, forms):
    """Installs the Debian packages that this run needs."""
    packages = [*build.PACKAGES, *(["rpm"] if "rpm" in forms else [])]
    daemon = WITH_DAEMON.intersection(forms)
    packages += build.DAEMON if daemon else ()
    if any(one.cross for one in architectures):
        packages += [*build.CROSS, *(build.CROSS_DAEMON if daemon else ())]
    done = subprocess.run([build.PROJECT / "container/install", *packages], check=False)
    if done.returncode != 0:
        raise Failed("could not install everything that is needed (see above)")


class Release:
    """One run of container/release."""

    def __init__(self, options, place):
        self.place, self.output = place, options.output.resolve()
        self.forms = options.only or FORMS
        self.made = []

    def build(self, architecture):
        say("compiling for %s" % architecture.name)
        work = self.place / architecture.name
        work.mkdir()
        log = self.output / ("build-%s.log" % architecture.name)
        log.unlink(missing_ok=True)
        installed = build.install(architecture, work, log, bool(WITH_DAEMON.intersection(self.forms)))
        log.unlink()  # it stays if the build fails
        return installed

    def pack(self, form, make, subject):
        """Makes a file in a scratch directory, so that a failure leaves no partial file."""
        work = pathlib.Path(tempfile.mkdtemp(prefix=form + ".", dir=self.place))
        fresh = self.place / "fresh"
        fresh.mkdir(exist_ok=True)
        try:
            made = make(subject, fresh, work)
        except Failed as failure:
            raise self.with_log(failure, work, form) from None
        for file in sorted(fresh.iterdir()):  # beside a library alone there is its SBOM
            shutil.move(file, self.output / file.name)
        self.made.append(self.output / pathlib.Path(made).name)
        shutil.rmtree(work)

    def with_log(self, failure, work, form):
        """Returns the failure, after moving its log to a place that stays."""
        log = self.output / (form + ".log")
        shutil.copy(work / "log", log)
        return Failed(str(failure).replace(str(work / "log"), str(log)))

    def write_sums(self):
        """Writes the checksums of all files in this directory, also of those from earlier runs."""
        lines = []
        for path in sorted(self.output.iterdir()):
            if path.is_file() and path.name.startswith(("devshm", "libdevshm", "LICENSE")):
                lines.append("%s  %s\n" % (hashlib.sha256(path.read_bytes()).hexdigest(), path.name))
        (self.output / SUMS).write_text("".join(lines))

    def run(self, architectures):
        self.output.mkdir(parents=True, exist_ok=True)
        installed = [self.build(architecture) for architecture in architectures]
        for form in self.forms:
            say("making " + form)
            if form in FOR_EACH:
                for one in installed:
                    self.pack(form, FOR_EACH[form].make, one)
            else:
                self.pack(form, FOR_ALL[form].make_for_all, installed)
        if "library" in self.forms:
            shutil.copy(build.PROJECT / "LICENSE", self.output / "LICENSE")
        self.write_sums()
        for path in self.made:
            print("%9d bytes  %s" % (path.stat().st_size, path))


def main(arguments):
    options = parser().parse_args(arguments)
    known = build.architectures(os.uname().machine)
    architectures = [known[name] for name in dict.fromkeys(options.arch or known)]
    os.umask(0o022)
    try:
        if not options.no_install:
            provide(architectures, options.only or FORMS)
        with tempfile.TemporaryDirectory(prefix="devshm-release.") as place:
            Release(options, pathlib.Path(place)).run(architectures)
    except Failed as failure:
        say("container/release: %s" % failure)
        return 1
    except OSError as failure:
        say("container/release: %s: %s" % (failure.filename or options.output, failure.strerror))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
