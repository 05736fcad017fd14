#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The Containerfiles: each is built, every instruction of it run, on base images of the same layout that are made here
from Debian's packages; then the image's function is invoked in container/lambda."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import sandboxed
from calls import call

sys.dont_write_bytecode = True
from environment import roots  # noqa: E402  pylint: disable=wrong-import-position

# As in AWS's base images: the entrypoint takes the handler from the image's CMD.
ENTRYPOINT = """#!/bin/sh
export _HANDLER="$1"
exec /var/runtime/bootstrap
"""
STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "{place}/storage"\nrunroot = "{place}/run"\n'


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="images-test.", dir="/var/tmp"))
        cls.addClassCleanup(cls.clean)
        (cls.place / "storage.conf").write_text(STORAGE.format(place=cls.place))
        os.environ["CONTAINERS_STORAGE_CONF"] = str(cls.place / "storage.conf")
        cls.make_debian()
        cls.base("docker.io/library/debian:bookworm-slim", "ADD debian.tar /\n", {})
        cls.base(
            "public.ecr.aws/lambda/python:3.12",
            """FROM docker.io/library/debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3
COPY lambda-entrypoint.sh /
COPY runtime /var/runtime
RUN mkdir -p /var/task /opt /var/lang/bin && ln -s /usr/bin/python3 /var/lang/bin/python3
WORKDIR /var/task
ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
ENTRYPOINT ["/lambda-entrypoint.sh"]
""",
            {"lambda-entrypoint.sh": ENTRYPOINT},
        )
        # Debian has no Python for musl: what stands for it calls the command that the example's handler calls.
        (cls.place / "context/true.c").write_text("int main(void) { return 0; }\n")
        call("musl-gcc", "-o", cls.place / "context/true", cls.place / "context/true.c")
        shutil.copy("/usr/bin/busybox", cls.place / "context/busybox")
        loader = next(pathlib.Path("/lib").glob("ld-musl-*.so.1"))
        shutil.copy(loader.resolve(), cls.place / "context" / loader.name)
        cls.base(
            "docker.io/library/python:3.12-alpine",
            """COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]
COPY true /bin/true
COPY %s /lib/
RUN printf '#!/bin/sh\\nexec /opt/bin/devshm check /bin/true\\n' >/bin/python3 && chmod 755 /bin/python3
ENV PATH=/bin
"""
            % loader.name,
            {},
        )

    @classmethod
    def clean(cls):
        subprocess.run(
            ["buildah", "rmi", "--all", "--force"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
        subprocess.run(["umount", cls.place / "storage/overlay"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(cls.place)

    @classmethod
    def make_debian(cls):
        (cls.place / "context").mkdir()
        call(
            "mmdebstrap",
            "--variant=apt",
            "--keyring=" + roots.KEYRING,
            "bookworm",
            cls.place / "context/debian.tar",
            "deb [signed-by=%s] %s bookworm main" % (roots.KEYRING, roots.mirror()),
        )

    @classmethod
    def base(cls, name, instructions, files):
        context = cls.place / "context"
        for file, text in files.items():
            (context / file).write_text(text)
            (context / file).chmod(0o755)
        shutil.copytree(sandboxed.TOP / "container/environment/python_runtime", context / "runtime", dirs_exist_ok=True)
        (context / "Containerfile").write_text(
            instructions if instructions.startswith("FROM") else "FROM scratch\n" + instructions
        )
        cls.build(context / "Containerfile", name, context)

    @staticmethod
    def build(file, name, context):
        return call(
            "buildah",
            "bud",
            "--isolation=chroot",
            "--pull-never",
            "--layers",
            "--format=oci",
            "-f",
            file,
            "-t",
            name,
            context,
        )

    def image(self, kind):
        name = "localhost/devshm-test-" + kind
        self.build(sandboxed.TOP / ("container/Containerfile." + kind), name, sandboxed.TOP)
        return name

    def test_on_an_aws_base_image_by_name(self):
        name = self.image("aws")
        with sandboxed.function("--root", name) as function:
            self.assertTrue(function.invoke()["works"])
        # Without the one line that makes the difference it does not.
        with sandboxed.function("--root", name, "--env", "LD_PRELOAD=", "--env", "DEVSHM_DISABLE=1") as function:
            self.assertFalse(function.invoke()["works"])

    def test_on_debian_from_an_archive(self):
        name = self.image("debian")
        for kind in ("oci-archive", "docker-archive"):
            archive = self.place / (kind + ".tar")
            call("buildah", "push", name, "%s:%s:%s" % (kind, archive, name))
            with sandboxed.function("--root", archive) as function:
                self.assertTrue(function.invoke()["works"])

    def test_copied_from_the_image_that_is_delivered(self):
        (archive,) = sandboxed.release().glob("devshm-*-image.tar")
        call("podman", "load", "--input", archive)
        for architecture in ("amd64", "arm64"):
            about = json.loads(call("skopeo", "--override-arch", architecture, "inspect", "oci-archive:%s" % archive))
            self.assertEqual(
                (about["Architecture"], about["Labels"]["org.opencontainers.image.licenses"]), (architecture, "MIT")
            )
        context = self.place / "copied"
        context.mkdir()
        version = re.search(r"devshm-(.*)-image.tar", archive.name)[1]
        (context / "Containerfile").write_text(
            """FROM docker.io/library/debian:bookworm-slim
COPY --from=devshm:%s / /opt/
ENV LD_PRELOAD=/opt/lib/libdevshm.so
CMD ["/opt/bin/devshm", "check"]
"""
            % version
        )
        self.build(context / "Containerfile", "localhost/devshm-test-copied", context)
        self.assertIn("everything works", sandboxed.run("--root", "localhost/devshm-test-copied").stdout)

    def test_on_alpine(self):
        done = sandboxed.run("--root", self.image("alpine"))
        self.assertIn("everything works", done.stdout)
        self.assertIn("musl", done.stdout)


if __name__ == "__main__":
    # buildah mounts its storage: in a namespace of its own, and not in the machine's.
    if "IMAGES_TEST_IS_INSIDE" not in os.environ:
        os.execvpe(
            "unshare",
            ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv],
            {**os.environ, "IMAGES_TEST_IS_INSIDE": "1"},
        )
    unittest.main(verbosity=2)
