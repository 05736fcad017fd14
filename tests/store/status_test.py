#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With DEVSHM_STORE=memory, what stat and readlink say of an object is right: which file it is, and if not all can be found out."""
import ctypes
import errno
import os
import pathlib
import platform
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

NAME = "/dev/shm/a"


class Status(unittest.TestCase):
    def setUp(self):
        create_patiently(NAME, "12345")
        self.addCleanup(os.unlink, NAME)

    def test_without_a_free_descriptor(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
        try:
            with self.assertRaises(OSError) as caught:
                self.fail(f"a size of {os.lstat(NAME).st_size}")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        self.assertEqual(caught.exception.errno, errno.EMFILE)
        self.assertEqual(os.lstat(NAME).st_size, 5)

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

    def test_a_keeper_that_does_not_answer(self):
        """Only the keeper knows the size of another user's object. It is not said to be 0."""
        os.chmod(NAME, 0o644)
        self.assertEqual(as_nobody(lambda: os.lstat(NAME).st_size), 5)
        keeper = keeper_in(os.path.dirname(link_of("/tmp/shm/a")))
        os.kill(keeper, signal.SIGSTOP)
        try:
            self.assertEqual(as_nobody(lambda: os.lstat(NAME).st_size), -errno.ETIMEDOUT)
        finally:
            os.kill(keeper, signal.SIGCONT)

    def test_a_name_in_the_working_directory(self):
        """Others have to ask the keeper, by a relative name, too."""
        os.chmod(NAME, 0o644)

        def read():
            os.chdir("/dev/shm")
            with open("a") as file:
                return len(file.read())

        self.assertEqual(as_nobody(read), 5)

    def test_a_program_of_another_user(self):
        """The keeper is asked for it before the file actions are performed, which can't be repeated."""
        os.chmod(NAME, 0o755)
        with open("/bin/true", "rb") as program, open(NAME, "wb") as copy:
            copy.write(program.read())
        self.addCleanup(lambda: os.path.exists("/tmp/made") and os.unlink("/tmp/made"))

        def run():
            action = (os.POSIX_SPAWN_OPEN, 100, "/tmp/made", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            child = os.posix_spawn(NAME, ["true"], os.environ, file_actions=[action])
            return os.waitpid(child, 0)[1]

        self.assertEqual(as_nobody(run), 0)

    def test_a_library_of_another_user(self):
        os.chmod(NAME, 0o755)
        with open(os.environ["LD_PRELOAD"], "rb") as library, open(NAME, "wb") as copy:
            copy.write(library.read())
        self.assertEqual(as_nobody(lambda: ctypes.CDLL(NAME) and 0), 0)

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

    def test_links_while_a_twin_takes_over(self):
        """What can't be found for a moment has not lost its name."""
        file = os.open(NAME, os.O_RDONLY)
        self.addCleanup(os.close, file)
        generation = os.path.dirname(link_of("/tmp/shm/a"))
        name, other = NAME, NAME + "b"
        self.addCleanup(lambda: os.path.exists(NAME) or os.rename(NAME + "b", NAME))
        for _ in range(5):
            keeper = keeper_in(generation)
            wait_until(lambda: pathlib.Path(f"/proc/{keeper}/task/{keeper}/children").read_text())
            os.kill(keeper, signal.SIGKILL)

            def is_replaced():
                nonlocal name, other
                os.rename(name, other)  # so that it is not found where it was last
                name, other = other, name
                self.assertEqual(os.fstat(file).st_nlink, 1)
                return keeper_in(generation) != keeper

            wait_until(is_replaced)

    def test_which_file_it_is(self):
        """An object is on its directory's device, and has one inode number, whoever asks in which way and when."""
        file = os.open(NAME, os.O_RDONLY)
        self.addCleanup(os.close, file)
        first = identity(os.lstat(NAME))
        self.assertEqual(first[0], os.stat("/dev/shm").st_dev)
        self.assertFalse(os.path.ismount(NAME))
        self.assertEqual([entry.inode() for entry in os.scandir("/dev/shm") if entry.name == "a"], [first[1]])
        os.link(NAME, NAME + "b")
        os.symlink("a", NAME + "s")
        for name in "b", "s":
            self.addCleanup(os.unlink, NAME + name)
        with open(NAME + "c", "w") as other:
            self.addCleanup(os.unlink, NAME + "c")
            self.assertNotEqual(identity(os.fstat(other.fileno()))[1], first[1])
        self.assertEqual(
            {name: ways(file, NAME + name) for name in ("", "b", "s")}, dict.fromkeys(("", "b", "s"), {first})
        )
        os.rename(NAME + "b", NAME)
        self.assertEqual(ways(file, NAME), {first})
        os.unlink(NAME)
        open(NAME, "w").close()
        for when in "once", "again":
            with self.subTest(when):
                self.assertEqual(ways(file), {first})
        said = subprocess.run(
            [sys.executable, __file__, "--inherited", str(file)], pass_fds=[file], stdout=subprocess.PIPE
        )
        self.assertEqual(said.stdout.decode(), f"{first[0]} {first[1]}\n")


def create_patiently(name, text):
    """An object. Where no keeper answers in time, as the machine is busy, it is a file, and for a while all others are."""
    late = 0
    while True:
        begun = time.monotonic()
        with open(name, "w") as file:
            file.write(text)
        ended = time.monotonic()
        late = ended if ended - begun > 0.4 else late
        is_link = ["test", "-L", name.replace("/dev/shm", "/tmp/shm")]  # as without devshm
        if ended - late > 4 or subprocess.run(is_link, env={"LD_PRELOAD": ""}, check=False).returncode == 0:
            return
        os.unlink(name)


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


def identity(status):
    return status.st_dev, status.st_ino


def ways(file, *paths):
    """The identities that all calls report for a descriptor and paths."""
    found = {identity(os.fstat(file)), identity(os.stat(f"/proc/self/fd/{file}")), by_statx(file, "")}
    for path in paths:
        found |= {identity(os.stat(path)), by_statx(AT_FDCWD, path)}
    return found


AT_FDCWD, AT_EMPTY_PATH, STATX_ALL = -100, 0x1000, 0xFFF


def by_statx(directory, path):
    """By the system call itself."""
    number = {"x86_64": 332, "aarch64": 291}[platform.machine()]
    found = (ctypes.c_uint32 * 64)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, directory, path.encode(), AT_EMPTY_PATH, STATX_ALL, found):
        raise OSError(ctypes.get_errno(), "statx")
    return os.makedev(found[34], found[35]), found[8] | found[9] << 32


if __name__ == "__main__" and sys.argv[1:2] == ["--inherited"]:
    print(*identity(os.fstat(int(sys.argv[2]))))
elif __name__ == "__main__":
    unittest.main()
