#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`devshm check`: the truth about this process, one exit status for each case, and nothing changed.

Runs where there is no /dev/shm, in a /tmp of its own, as root (container/hide-shm). DEVSHM, LIBRARY and CHECK come from the
build.
"""
import json
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

PLACE = Path("/tmp/place")  # where an installation lies


def install(place=PLACE):
    (place / "bin").mkdir(parents=True)
    (place / "lib").mkdir()
    shutil.copy(os.environ["DEVSHM"], place / "bin/devshm")
    for file in ("LIBRARY", "CHECK"):
        shutil.copy(os.environ[file], place / "lib")
    return place / "bin/devshm", place / "lib/libdevshm.so"


def run(*command, **settings):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("DEVSHM", "LD_"))}
    done = subprocess.run(command, env={**clean, **settings}, cwd="/", capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def under(top):
    return sorted(str(path) for path in Path(top).rglob("*"))


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(PLACE, ignore_errors=True)
        cls.devshm, cls.library = install()
        cls.preload = {"LD_PRELOAD": str(cls.library)}

    def check(self, *arguments, **settings):
        """The report as JSON; as a table it has the same status and verdict, and leaves nothing behind either."""
        before = under("/tmp")
        status, out, err = run(self.devshm, "check", "--json", *arguments, **settings)
        self.assertEqual(err, "")
        report = json.loads(out)
        self.assertEqual(report["exit"], status, report)
        table_status, table, _ = run(self.devshm, "check", *arguments, **settings)
        self.assertEqual((table_status, table.splitlines()[-1]), (status, report["verdict"]))
        self.assertEqual(under("/tmp"), before)
        self.assertNotIn("sealed", table)
        return report

    def row(self, report, subject):
        rows = {row["subject"]: row for row in report["rows"]}
        return rows[subject]["good"], rows[subject]["finding"]

    def test_loaded_and_working(self):
        report = self.check(**self.preload)
        self.assertEqual((report["exit"], report["status"], report["verdict"]), (0, "works", "everything works"))
        self.assertEqual((report["now"]["library"], report["now"]["active"]), (str(self.library), True))
        self.assertEqual(self.row(report["now"], "real /dev/shm"), (None, "none"))
        self.assertEqual(self.row(report["now"], "library"), (True, f"devshm {report['version']}, {self.library}"))
        self.assertRegex(self.row(report["now"], "libc")[1], r"^glibc 2\.\d+ \(\S*libc\.so\.6\)$")
        self.assertEqual(self.row(report["now"], "directory"), (True, "/tmp/shm, mode 1777, user 0"))
        self.assertRegex(self.row(report["now"], "file system")[1], r"^\S.*, \d+ MiB free of \d+ MiB$")
        self.assertNotIn("with_devshm", report)

    def test_not_loaded(self):
        """The layer is there, the variable is not: the function fails."""
        report = self.check()
        self.assertEqual((report["exit"], report["status"]), (3, "not loaded"))
        self.assertIn(f"it would with LD_PRELOAD={self.library}", report["verdict"])
        self.assertEqual((report["now"]["library"], report["now"]["works"]), (None, False))
        self.assertEqual(self.row(report["now"], "library"), (None, "not loaded: LD_PRELOAD is not set"))
        self.assertEqual((report["with_devshm"]["library"], report["with_devshm"]["works"]), (str(self.library), True))

    def test_the_variable_names_what_is_not_there(self):
        report = run(self.devshm, "check", "--json", LD_PRELOAD="/none/libdevshm.so")
        self.assertEqual(report[2].count("\n"), 1, report[2])  # the loader's, of the shell
        self.assertEqual(
            self.row(json.loads(report[1])["now"], "library"),
            (None, "not loaded: LD_PRELOAD names /none/libdevshm.so, which does not exist"),
        )

    def test_objects_are_memory_or_files(self):
        """And the keeper that the check has started is gone after it, with all that it has made."""
        self.assertEqual(self.row(self.check(**self.preload)["now"], "objects"), (None, "files (DEVSHM_STORE=disk)"))
        report = self.check("--store=memory", **self.preload)
        self.assertEqual(self.row(report["now"], "objects"), (True, "memory, which devshm-keeper holds"))
        self.assertEqual(report["exit"], 0)

    def test_why_objects_are_no_memory(self):
        report = self.check("--store=memory", "--dir=/tmp/" + 110 * "d", **self.preload)
        self.assertEqual(self.row(report["now"], "objects"), (None, "files, not memory"))
        self.assertIn("the path of the directory is too long for a store", json.dumps(report))
        self.assertEqual(report["exit"], 0)

    def test_a_long_directory_leaves_no_link(self):
        for dir in ("/tmp/a/b/longer", "/tmp/place/new"):
            self.assertEqual(self.check("--dir", dir, **self.preload)["exit"], 0)

    def test_a_bad_directory(self):
        Path("/tmp/target").mkdir(exist_ok=True)
        if not Path("/tmp/link").is_symlink():
            Path("/tmp/link").symlink_to("/tmp/target")
        for dir, reason in (("/proc/x", "can't make /proc/x"), ("/tmp/link", "is a symbolic link")):
            report = self.check("--dir=" + dir, **self.preload)
            self.assertEqual((report["exit"], report["status"]), (1, "fails"))
            self.assertRegex(json.dumps(report), f'devshm: [^"]*{reason}')
            self.assertEqual(self.row(report["now"], "constant")[0], None)

    def test_a_read_only_tmp(self):
        subprocess.run("mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp", shell=True, check=True)
        self.addCleanup(subprocess.run, ["umount", "/tmp"], check=True)
        report = self.check(**self.preload)
        self.assertEqual(report["exit"], 1)
        self.assertIn("errno 30", json.dumps(report))

    def real_one(self, size):
        os.makedirs("/dev/shm", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "shm", "/dev/shm"], check=True)
        self.addCleanup(lambda: (subprocess.run(["umount", "/dev/shm"], check=True), os.rmdir("/dev/shm")))

    def test_the_real_one_works(self):
        self.real_one("50%")
        report = self.check()
        self.assertEqual((report["exit"], report["status"]), (4, "works without"))
        self.assertRegex(self.row(report["now"], "real /dev/shm")[1], r"^tmpfs of \d+ MiB: good$")
        report = self.check("--when=missing", **self.preload)
        self.assertEqual((report["exit"], report["status"]), (4, "works without"))
        self.assertEqual(
            self.row(report["now"], "stands aside"), (None, "DEVSHM_WHEN prefers the real /dev/shm, which is good")
        )
        self.assertEqual(self.check(**self.preload)["exit"], 0)

    def test_the_real_one_works_and_the_directory_does_not(self):
        self.real_one("200m")
        subprocess.run("mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp", shell=True, check=True)
        self.addCleanup(subprocess.run, ["umount", "/tmp"], check=True)
        report = self.check(**self.preload)
        self.assertEqual((report["exit"], report["status"]), (4, "works without"))
        self.assertEqual((report["now"]["active"], report["now"]["works"]), (False, True))
        self.assertEqual(
            self.row(report["now"], "stands aside"),
            (None, "/tmp/shm can't be used, and the real /dev/shm is good"),
        )
        report = self.check("--dir=/tmp/other", **self.preload)
        self.assertIn("can't make /tmp/other: the file system is read-only (errno 30)", json.dumps(report))
        report = self.check("--dir=/tmp/place", **self.preload)
        self.assertIn("can't write to /tmp/place: permission denied (errno 13)", json.dumps(report))

    def test_the_directory_is_unusable_and_the_real_one_good(self):
        self.real_one("200m")
        report = self.check("--dir=/proc/x", **self.preload)
        self.assertEqual((report["exit"], report["status"]), (4, "works without"), report)
        self.assertEqual(
            self.row(report["now"], "stands aside"), (None, "/proc/x can't be used, and the real /dev/shm is good")
        )
        self.assertEqual(self.row(report["now"], "semaphore"), (True, "made in one process, used in another"))

    def test_the_real_one_is_small(self):
        self.real_one("64m")
        report = self.check()
        self.assertRegex(
            self.row(report["now"], "real /dev/shm")[1],
            r"^tmpfs of 64 MiB: small \(less than \d+ MiB, 25% of the memory\)$",
        )
        self.assertEqual(report["exit"], 4)  # it works, up to a size, which is why there is advice
        self.assertIn("ends with a bus error", json.dumps(report["now"]))
        self.assertNotIn("ends with a bus error", json.dumps(report["with_devshm"]))
        report = self.check("--when=small", **self.preload)
        self.assertEqual((report["exit"], report["now"]["active"]), (0, True))
        self.assertEqual(
            self.row(report["now"], "serves"), (None, "DEVSHM_WHEN=small, and the real /dev/shm is missing or small")
        )

    def test_small_is_what_the_setting_says(self):
        self.real_one("64m")
        for size, judged, status in (("64M", "good", 4), ("65M", "small (less than 65 MiB)", 0)):
            report = self.check(f"--when=small:{size}", **self.preload)
            self.assertEqual(self.row(report["now"], "real /dev/shm"), (None, f"tmpfs of 64 MiB: {judged}"))
            self.assertEqual(report["exit"], status)

    def test_switched_off(self):
        report = self.check(DEVSHM_DISABLE="1", **self.preload)
        self.assertEqual(
            (report["exit"], self.row(report["now"], "stands aside")), (1, (None, "DEVSHM_DISABLE is set"))
        )

    def test_root_takes_nothing_over(self):
        os.mkdir("/tmp/shm")
        os.chown("/tmp/shm", 1234, 1234)
        self.addCleanup(os.rmdir, "/tmp/shm")
        report = self.check(**self.preload)
        self.assertEqual(
            self.row(report["now"], "services"), (None, "not tried: root takes over this user's directory at first use")
        )
        self.assertEqual((os.stat("/tmp/shm").st_uid, os.listdir("/tmp/shm")), (1234, []))

    def test_a_name_cannot_forge_a_line(self):
        self.assertEqual(run(self.devshm, "run", "a\nb\x1b[2J")[2], "devshm: can't find the program a?b?[2J\n")

    def test_without_od(self):
        tools = "sh true tr sed head grep tail uname readlink cat"
        os.mkdir("/tmp/tools")
        self.addCleanup(shutil.rmtree, "/tmp/tools")
        for tool in tools.split():
            os.symlink(shutil.which(tool), "/tmp/tools/" + tool)
        self.assertEqual(run(self.devshm, "check", PATH="/tmp/tools", **self.preload)[0], 0)
        status, out, _ = run(self.devshm, "check", "/bin/true", PATH="/tmp/tools", **self.preload)
        self.assertEqual((status, out.splitlines()[-1]), (6, "can't look at /bin/true: there is no od here"))

    def test_out_of_reach(self):
        self.assertEqual(self.check("/etc/passwd")["exit"], 5)
        program = '/tmp/set"uid\\'
        shutil.copy("/bin/true", program)
        os.chmod(program, 0o4755)
        report = self.check(program)
        self.assertEqual((report["exit"], report["status"], report["program"]), (5, "out of reach", program))
        os.unlink(program)

    def test_an_installation_that_is_wrong(self):
        spaced, _ = install(Path("/tmp/with space"))
        foreign, library = install(Path("/tmp/foreign"))
        content = bytearray(library.read_bytes())
        content[18] = 243  # e_machine: RISC-V
        library.write_bytes(content)
        bare, missing = install(Path("/tmp/bare"))
        missing.unlink()
        for place, said in (
            (spaced, "LD_PRELOAD can't hold a path with a space or a colon: /tmp/with space/lib/libdevshm.so"),
            (
                foreign,
                f"{library} is for another machine, and this machine is {os.uname().machine}: "
                "install the one for this machine",
            ),
        ):
            status, out, err = run(place, "check")
            self.assertEqual((status, out.splitlines()[-1], err), (6, said, ""))
            self.assertEqual(json.loads(run(place, "check", "--json")[1])["status"], "not installed")
            self.assertEqual(run(place, "run", "true"), (6, "", f"devshm: {said}\n"))
        self.assertEqual(run(bare, "check")[0], 6)
        # In LD_PRELOAD it is reported once, and not by every tool that the command uses.
        status, out, err = run(self.devshm, "check", LD_PRELOAD=str(library))
        self.assertEqual((status, err.count("ld.so")), (3, 1), err)
        self.assertIn(f"not loaded: {library} is for another machine", out)
        for place in ("/tmp/with space", "/tmp/foreign", "/tmp/bare"):
            shutil.rmtree(place)

    def test_wrong_calls(self):
        for arguments, said in (
            (["run", "nosuch"], (127, "can't find the program nosuch")),
            (["run", "/no/such"], (127, "can't find the program /no/such")),
            (["check", "nosuch"], (2, "can't find the program nosuch")),
            (["check", "--explain"], (2, "--explain is for run; see devshm --help")),
            (["run", "--json", "true"], (2, "--json is not for run; see devshm --help")),
            (["rm"], (2, "rm needs a name; see devshm --help")),
            (["ls", "a"], (2, "ls takes no names; see devshm --help")),
            (["check", "a", "b"], (2, "check takes one program; see devshm --help")),
        ):
            self.assertEqual(run(self.devshm, *arguments), (said[0], "", f"devshm: {said[1]}\n"))

    def test_every_command_has_help(self):
        _, text, _ = run(self.devshm, "--help")
        for command in ("run", "check", "ls", "df", "rm", "library"):
            for option in ("-h", "--help"):
                self.assertEqual(run(self.devshm, command, option), (0, text, ""))
        self.assertRegex(run(self.devshm, "--version")[1], r"^devshm \d+\.\d+\.\d+\n$")

    def test_the_library_says_which_it_is(self):
        version = run(self.devshm, "--version")[1].strip()
        self.assertIn(version, run("strings", self.library)[1].splitlines())
        notes = run("readelf", "-nW", self.library)[1]
        self.assertRegex(notes, r"Build ID: [0-9a-f]{40}")
        self.assertRegex(notes, r"devshm +0x")
        run("strip", "-o", "/tmp/stripped", self.library)
        self.assertEqual(
            re.findall("Build ID: .*", run("readelf", "-nW", "/tmp/stripped")[1]), re.findall("Build ID: .*", notes)
        )
        os.unlink("/tmp/stripped")


if __name__ == "__main__":
    unittest.main(verbosity=2)
