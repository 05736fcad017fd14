#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With DEVSHM_STORE=memory, what stat and readlink say of an object is right: which file it is, and if not all can be found out."""
import errno
import os
import pathlib
import signal
import stat
import subprocess
import tempfile
import time
import unittest

NAME = "/dev/shm/a"


class Status(unittest.TestCase):
    def setUp(self):
        with open(NAME, "w") as file:
            file.write("12345")
        self.addCleanup(os.unlink, NAME)

    def test_a_name_too_deep_to_be_found(self):
        names = [f"/dev/shm{'/directory' * depth}" for depth in range(1, 21)]
        for name in names:
            os.mkdir(name)
            self.addCleanup(os.rmdir, name)
        os.close(os.open(NAME, os.O_RDONLY | os.O_NOFOLLOW))
        deep = os.open(names[-1] + "/deep", os.O_RDWR | os.O_CREAT)
        self.addCleanup(os.close, deep)
        self.addCleanup(os.unlink, names[-1] + "/deep")
        self.assertNotIn(NAME, os.readlink(f"/proc/self/fd/{deep}"))

    def test_a_name_in_the_working_directory(self):
        """Others have to ask the keeper, by a relative name, too."""
        os.chmod(NAME, 0o644)

        def read():
            os.chdir("/dev/shm")
            with open("a") as file:
                return len(file.read())

        self.assertEqual(as_nobody(read), 5)

    def test_a_descriptor_of_a_relative_name(self):
        """It is open on the object, whatever keeps the kernel from following a link, and has its whole name."""
        before = os.getcwd()
        os.chdir("/dev/shm")
        self.addCleanup(os.chdir, before)
        for flags in (os.O_RDWR | os.O_NOFOLLOW, os.O_PATH | os.O_NOFOLLOW):
            with self.subTest(oct(flags)):
                file = os.open("a", flags)
                self.addCleanup(os.close, file)
                self.assertTrue(stat.S_ISREG(os.fstat(file).st_mode))
                self.assertEqual(os.readlink(f"/proc/self/fd/{file}"), NAME)

    def test_a_link_of_a_stranger_is_no_name(self):
        text = link_of("/tmp/shm/a")
        links = [f"/tmp/shm/{number}" for number in range(30)]
        self.assertEqual(as_nobody(lambda: [os.symlink(text, link) for link in links] and 0), 0)
        for link in links:
            self.addCleanup(os.unlink, link)
        file = os.open(NAME, os.O_RDWR)
        self.addCleanup(os.close, file)
        again = os.dup2(file, 900)  # its name is not remembered
        self.addCleanup(os.close, again)
        self.assertEqual(os.readlink(f"/proc/self/fd/{again}"), NAME)

    def test_unlink_without_permission(self):
        os.mkdir("/dev/shm/closed", 0o755)
        self.addCleanup(os.rmdir, "/dev/shm/closed")
        name = "/dev/shm/closed/a"
        os.close(os.open(name, os.O_RDWR | os.O_CREAT, 0o666))
        self.addCleanup(os.unlink, name)
        self.assertEqual(as_nobody(lambda: os.unlink(name)), -errno.EACCES)

    def test_a_directory_that_gives_its_group(self):
        os.mkdir("/dev/shm/team")
        self.addCleanup(os.rmdir, "/dev/shm/team")
        os.chown("/dev/shm/team", 0, 4711)
        os.chmod("/dev/shm/team", 0o2775)
        file = os.open("/dev/shm/team/a", os.O_RDWR | os.O_CREAT, 0o660)
        self.addCleanup(os.unlink, "/dev/shm/team/a")
        self.addCleanup(os.close, file)
        self.assertEqual(os.fstat(file).st_gid, 4711)

    def test_a_process_with_the_id_of_a_dead_keeper(self):
        """A name leads to one of its descriptors. What that is stays as it is."""
        link = link_of("/tmp/shm/a")
        generation, number = os.path.dirname(link), int(os.path.basename(link))
        with tempfile.NamedTemporaryFile() as precious:
            precious.write(b"precious")
            precious.flush()
            before = os.stat(precious.name)
            descriptor = os.dup2(precious.fileno(), number)
            self.addCleanup(os.close, descriptor)
            keeper = keeper_in(generation)
            os.kill(keeper, signal.SIGSTOP)  # so that it does not replace its twin
            twins = pathlib.Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
            for process in [*map(int, twins), keeper]:
                os.kill(process, signal.SIGKILL)
                wait_until(lambda pid=process: not pathlib.Path(f"/proc/{pid}/fd/0").exists())
            os.unlink(generation)
            os.symlink(f"/proc/{os.getpid()}/fd", generation)
            directory = os.open("/dev/shm", os.O_RDONLY)
            self.addCleanup(os.close, directory)
            for change in (
                lambda: os.truncate(NAME, 0),
                lambda: os.chmod(NAME, 0o777),
                lambda: os.chown(NAME, 1, 1),
                lambda: os.utime(NAME, (1, 1)),
                lambda: os.setxattr(NAME, "user.a", b"b"),
                lambda: os.open(NAME, os.O_WRONLY),
                lambda: os.open(os.path.basename(NAME), os.O_WRONLY | os.O_TRUNC, dir_fd=directory),
            ):
                with self.assertRaises(FileNotFoundError):
                    change()
            after = os.stat(precious.name)
            self.assertEqual(after, before)


def as_nobody(look):
    """What it returns in a process of another user, or the error with a minus."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65533)
        os.setuid(65533)
        try:
            found = look()
        except OSError as error:
            found = -error.errno
        os.write(writing, str(found).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as said:
        found = said.read()
    os.waitpid(child, 0)
    return int(found)


def link_of(name):
    """What the name's link says, as without devshm: ROOT/GENERATION/NUMBER."""
    done = subprocess.run(["readlink", name], env={"LD_PRELOAD": ""}, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def keeper_in(generation):
    """The process that it leads to: /proc/KEEPER/fd."""
    return int(os.readlink(generation).split("/")[2])


def wait_until(condition):
    while not condition():
        time.sleep(0.0001)


if __name__ == "__main__":
    unittest.main()
