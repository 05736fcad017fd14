#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""container/lambda is what docs/lambda-environment.md says it is: each row of its first table is asserted from inside."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import sandboxed

PROBE = sandboxed.TOP / "docs/examples/probe/app.py"
DOCUMENT = sandboxed.TOP / "docs/lambda-environment.md"
DEV = ["fd", "full", "null", "random", "stderr", "stdin", "stdout", "urandom", "zero"]
NO_CAPABILITIES = "0000000000000000"


def documented():
    table = DOCUMENT.read_text().split("\n\n")[2]
    return [re.match(r"\| *([^|]+?) *\|", line)[1] for line in table.splitlines()[2:]]


def options(mount):
    return sorted(mount["options"])


def greedy():
    done = sandboxed.run("python3", "-c", "x = b'x' * (512 << 20)", check=False)
    return done.returncode == 137 and "out of memory (--memory 128)" in done.stderr


# By the rows' names: what must be true of what the probe saw.
ROWS = {
    "no /dev/shm": lambda see: "shm" not in see["dev"]
    and see["make_dev_shm"] == "EACCES"
    and see["dev_directory"] == ["0o755", 0],
    "no tmpfs": lambda see: not [m for m in see["mounts"].values() if m["type"] in ("tmpfs", "ramfs", "devtmpfs")],
    "root": lambda see: see["mounts"]["/"]["type"] == "overlay"
    and options(see["mounts"]["/"]) == ["nodev", "nosuid", "relatime", "ro"],
    "root is read-only": lambda see: {path: said for path, said in see["writes"].items() if said != "EROFS"}
    == {"/tmp/file": "worked"},
    "/dev": lambda see: see["mounts"]["/dev"]["type"] == "ext4"
    and 1400 < see["dev_size"] < 1536
    and options(see["mounts"]["/dev"]) == ["data=writeback", "noatime", "noexec", "nosuid", "rw"],
    "/dev holds": lambda see: see["dev"] == DEV
    and set(see["dev_modes"].values()) == {"0o20666"}
    and see["dev_null"] == "worked",
    "/tmp": lambda see: see["mounts"]["/tmp"]["type"] == "ext4"
    and see["tmp_runs"] == 5
    and options(see["mounts"]["/tmp"]) == ["data=writeback", "relatime", "rw"],
    "/tmp size": lambda see: 524 <= see["tmp_size"] <= 526,
    "/tmp mode": lambda see: see["tmp_mode"] == ["0o700", 993],
    "/proc": lambda see: options(see["mounts"]["/proc"]) == ["noatime", "nodev", "noexec", "nosuid", "rw"],
    "no /sys": lambda see: see["sys"] == []
    and set(see["mounts"]) == {"/", "/proc", "/dev", "/tmp", "/var/task", "/opt"},
    "user": lambda see: see["user"] == [993, 993, 990, 990, []],
    "user name": lambda see: see["account"] == ["sbx_user1051", "/home/sbx_user1051", "/sbin/nologin"],
    "home": lambda see: not see["home_exists"] and see["home"] == "/home/sbx_user1051",
    "capabilities": lambda see: set(see["status"].values()) == {NO_CAPABILITIES},
    "open files": lambda see: see["files"] == [1024, 1024],
    "processes": lambda see: see["processes"] == [1024, 1024],
    "memory": lambda see: greedy(),
    "fallocate": lambda see: (see["fallocate"], see["posix_fallocate"]) == ("EPERM", "EPERM"),
    "prctl PR_SET_NAME": lambda see: (see["PR_SET_NAME"], see["PR_GET_NAME"]) == ("EPERM", "worked"),
    "prctl PR_SET_PDEATHSIG": lambda see: see["PR_SET_PDEATHSIG"] == "EPERM",
    "prctl PR_SET_NO_NEW_PRIVS": lambda see: see["PR_SET_NO_NEW_PRIVS"] == "EPERM",
    "nested seccomp": lambda see: (see["PR_SET_SECCOMP"], see["seccomp"]) == ("EPERM", "EPERM"),
    "user namespaces": lambda see: {see[name] for name in ("unshare", "clone", "mount")} == {"EPERM"},
    "other users": lambda see: {see[name] for name in ("setgroups", "setresuid", "capset")} == {"EPERM"},
    "ptrace": lambda see: see["ptrace"] == "EPERM",
    "io_uring": lambda see: see["io_uring_setup"] == "ENOSYS",
    # SIGSEGV: a kernel that was started without 32-bit calls.
    "int 0x80": lambda see: see["int80"] in ("SIGSYS", "SIGSEGV", None),
    "threads and JIT": lambda see: see["thread"] and see["jit"] == 42,
    "variables": lambda see: {
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_REGION": "us-east-1",
        "TZ": ":UTC",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    }.items()
    <= see["variables"].items()
    and not [name for name in see["names"] if "SECRET" in name or "KEY" in name],
    "working directory": lambda see: see["directory"] == "/var/task",
    "code": lambda see: see["task"] == ["app.py"] and see["writes"]["/var/task/file"] == "EROFS",
    "layers": lambda see: see["opt"] == {"both": "second", "one": "first"}
    and see["writes"]["/opt/file"] == "EROFS"
    and see["variables"]["LD_LIBRARY_PATH"].endswith(":/opt/lib"),
    "not the first process": lambda see: see["not_first"] and see["first_process"] == "/var/rapid/init",
}


class Environment(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="lambda-test.", dir="/var/tmp")
        cls.addClassCleanup(cls.place.cleanup)
        place = pathlib.Path(cls.place.name)
        for path, text in (
            ("task/app.py", PROBE.read_text()),
            ("first/one", "first"),
            ("first/both", "first"),
            ("second/both", "second"),
        ):
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_text(text)
        cls.options = ["--task", place / "task", "--layer", place / "first", "--layer", place / "second"]

    def look(self, *more):
        """All that the probe's lines say it has seen."""
        see = {"mounts": {}}
        for line in sandboxed.run(*self.options, *more, "python3", "/var/task/app.py").stdout.splitlines():
            found = json.loads(line)["seen"]
            self.assertNotIn("problem", found, line)
            see["mounts"].update(found.pop("mounts", {}))
            see.update(found)
        return see

    def test_the_probe_says_as_a_handler_what_it_says_as_a_program(self):
        printed = sandboxed.run(*self.options, "python3", "/var/task/app.py").stdout.splitlines()
        self.assertEqual([json.loads(line)["property"] for line in printed][: len(ROWS)], list(ROWS))
        with sandboxed.function(*self.options) as function:
            answered = function.invoke()
            function.wait_for_line("^REPORT")
            logged = [json.loads(line) for line in function.lines if line.startswith('{"property"')]
        self.assertEqual(answered, logged)
        differing = [row["property"] for row, line in zip(answered, printed) if row != json.loads(line)]
        self.assertEqual(differing, ["variables"])  # _HANDLER

    def test_the_probe_does_not_run_as_root(self):
        done = subprocess.run(
            [sys.executable, PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False
        )
        self.assertEqual((done.returncode, done.stdout, done.stderr[:11]), (1, "", "not as root"))

    def check(self, see, names):
        for name in names:
            with self.subTest(property=name):
                self.assertTrue(ROWS[name](see), see)

    def test_every_row_of_the_table_is_asserted(self):
        self.assertEqual(documented(), list(ROWS))

    def test_it_is_so(self):
        self.check(self.look(), ROWS)

    def test_on_the_older_and_the_newer_debian_too(self):
        for libc in ("2.31", "2.41"):
            self.check(self.look("--libc", libc), ROWS.keys() - {"memory"})

    def test_for_the_other_architecture_too(self):
        other = {"x86_64": "arm64", "arm64": "x86_64"}[sandboxed.NATIVE]
        # qemu takes calls that set a thread's own ids or name for the program's, and some as unknown.
        self.check(
            self.look("--arch", other, "--memory", "512"),
            ROWS.keys()
            - {
                "memory",
                "variables",
                "prctl PR_SET_NO_NEW_PRIVS",
                "nested seccomp",
                "ptrace",
                "int 0x80",
                "other users",
                "user namespaces",
            },
        )

    def test_tmp_of_another_size(self):
        see = sandboxed.python(
            "import os, json; s = os.statvfs('/tmp'); print(json.dumps(s.f_blocks * s.f_frsize >> 20))",
            "--tmp",
            "10240",
        )
        self.assertTrue(10480 <= see <= 10520, see)

    def test_memory_of_another_size(self):
        script = (
            "import os, json; len(b'x' * (512 << 20)); print(json.dumps(os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']))"
        )
        self.assertEqual(sandboxed.python(script, "--memory", "1024"), "1024")

    def test_tmp_is_full_when_it_is_full(self):
        script = """
import json
try:
    with open("/tmp/x", "wb") as file:
        for _ in range(600): file.write(b"x" * (1 << 20)); file.flush()
except OSError as error: print(json.dumps(error.errno))
"""
        self.assertEqual(sandboxed.python(script), 28)


class Command(unittest.TestCase):
    def test_status_and_output_are_the_command_s(self):
        self.assertEqual(sandboxed.run("sh", "-c", "exit 7", check=False).returncode, 7)
        self.assertEqual(sandboxed.run("sh", "-c", "kill -SEGV $$", check=False).returncode, 139)
        self.assertEqual(sandboxed.run("printf", "<%s>", "a b", "", "--help").stdout, "<a b><><--help>")

    def test_standard_input_is_the_caller_s(self):
        done = subprocess.run([sandboxed.LAMBDA, "cat"], input="through", stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(done.stdout, "through")

    def test_the_caller_s_files_stay_his(self):
        with tempfile.NamedTemporaryFile("w", prefix="lambda-test.") as file:
            subprocess.run([sandboxed.LAMBDA, "echo", "written"], stdout=file, check=True)
            self.assertEqual(os.stat(file.name).st_uid, os.getuid())
            self.assertEqual(pathlib.Path(file.name).read_text(), "written\n")

    def test_wrong_use_is_told(self):
        for arguments, text in (
            (["--tmp", "100", "true"], "512 to 10240"),
            (["--memory", "64", "true"], "128 to 10240"),
            (["--env", "NAME", "true"], "NAME=VALUE"),
            ([], "no command"),
            (["--libc", "2.12", "true"], "invalid choice"),
            (["--arch", "sparc", "true"], "invalid choice"),
            (["--timeout", "901", "true"], "1 to 900"),
            (["--listen", "here", "true"], "[HOST:]PORT"),
            (["--layer", "/opt"] * 6 + ["true"], "allows five layers"),
            (["--handler", "app.handler", "true"], "--handler needs --runtime-api"),
            (["--concurrency", "4", "true"], "--log-format need --runtime-api"),
            (["--runtime-api", "--concurrency", "-1"], "1 to 1600"),
            (["--runtime-api", "--snapstart", "2", "--tmp", "1024"], "512 MB of /tmp"),
        ):
            done = sandboxed.run(*arguments, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(text, done.stderr.splitlines()[-1])

    def test_what_is_not_there_is_named(self):
        for arguments, text in (
            (["--root", "/nowhere/at/all", "true"], "--root: /nowhere/at/all does not exist"),
            (["--task", "/nowhere", "true"], "/nowhere is neither a directory nor a zip"),
            (["--layer", __file__, "true"], "environment_test.py is neither a directory nor a zip"),
            (["--root", __file__, "true"], "neither a directory nor an OCI or docker archive"),
        ):
            self.expect_refusal(sandboxed.run(*arguments, check=False), text)

    def test_an_image_that_is_not_there_is_named(self):
        # podman, which is asked for the image, leaves its locks in /dev/shm.
        private = ["unshare", "-m", "sh", "-euc", 'mount -t tmpfs none /dev/shm; exec "$@"', "sh"]
        done = subprocess.run(
            [*private, sandboxed.LAMBDA, "--root", "no.such/image", "true"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        self.expect_refusal(done, "no such directory or file")

    def expect_refusal(self, done, text):
        self.assertEqual(done.returncode, 125, done)
        self.assertRegex(done.stderr, r"\Alambda: [^\n]*%s[^\n]*\n\Z" % re.escape(text))

    def test_what_is_missing_on_the_machine_is_named(self):
        with tempfile.TemporaryDirectory(prefix="lambda-test.") as empty:
            done = subprocess.run(
                [sys.executable, sandboxed.TOP / "container/environment", "--no-install", "true"],
                env={"PATH": empty},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        self.assertEqual(
            (done.returncode, done.stdout),
            (125, "lambda: install these first (names of Debian's packages): crun mount unzip mmdebstrap\n"),
        )

    def test_help_shows_how(self):
        self.assertIn("lambda --libc 2.31 python3", sandboxed.run("--help").stdout)

    def test_the_machine_s_own_programs(self):
        self.assertEqual(sandboxed.run("--root", "/", "id", "-u").stdout, "993\n")

    def test_mounts_and_dev_shm_of_the_machine_are_as_before(self):
        def look():
            # The kernel makes a loop device when one is needed, also by a test beside this one.
            devices = sorted(name for name in os.listdir("/dev") if not re.fullmatch(r"loop\d+", name))
            return pathlib.Path("/proc/self/mountinfo").read_text(), devices

        before = look()
        sandboxed.run("true")
        self.assertEqual(look(), before)

    def test_the_runtime_s_files_are_not_made_in_the_machine_s_tmp(self):
        """crun mounts itself over one, and now and then does not get it removed."""
        with tempfile.NamedTemporaryFile(mode="r") as trace:
            subprocess.run(
                ["strace", "-f", "-o", trace.name, "-e", "trace=open,openat,mkdir,mkdirat", sandboxed.LAMBDA, "true"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=True,
            )
            made = re.findall(r'"([^"]*/crun\.\w{6})"', trace.read())
        self.assertTrue(made)
        self.assertEqual([path for path in made if path.startswith("/tmp/")], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
