#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`serve`: names, directories, and objects without a name."""
import errno
import os
import pathlib
import socket
import stat
import subprocess

import fixture
from serving import RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT, Serve, rename, tmpfile_link


class Names(Serve):
    def test_rename_with_all_flags(self):
        first, second = os.fstat(self.make("a")).st_ino, os.fstat(self.make("b")).st_ino
        self.fails(errno.EEXIST, rename, self.path("a"), self.path("b"), RENAME_NOREPLACE)
        rename(self.path("a"), self.path("b"), RENAME_EXCHANGE)
        self.assertEqual((os.stat(self.path("a")).st_ino, os.stat(self.path("b")).st_ino), (second, first))
        self.fails(errno.ENOENT, rename, self.path("a"), self.path("c"), RENAME_EXCHANGE)
        rename(self.path("a"), self.path("c"), RENAME_NOREPLACE)
        rename(self.path("c"), self.path("d"), RENAME_WHITEOUT)
        left = os.stat(self.path("c"))
        self.assertTrue(stat.S_ISCHR(left.st_mode) and left.st_rdev == 0)
        os.rename(self.path("d"), self.path("b"))
        self.assertEqual(os.stat(self.path("b")).st_ino, second)
        self.assertEqual(sorted(os.listdir(self.point)), ["b", "c"])

    def test_o_tmpfile_and_its_name(self):
        fd = os.open(self.point, os.O_TMPFILE | os.O_RDWR, 0o640)
        os.write(fd, b"content")
        self.assertEqual((os.fstat(fd).st_nlink, os.listdir(self.point)), (0, []))
        tmpfile_link(fd, self.path("named"))
        self.assertEqual(pathlib.Path(self.path("named")).read_bytes(), b"content")
        found = os.stat(self.path("named"))
        self.assertEqual((found.st_nlink, stat.S_IMODE(found.st_mode), found.st_ino), (1, 0o640, os.fstat(fd).st_ino))
        os.close(fd)
        fd = os.open(self.point, os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)
        self.fails(errno.ENOENT, tmpfile_link, fd, self.path("never"))
        os.close(fd)

    def test_names_up_to_255_bytes_and_no_longer(self):
        longest, longer = "n" * 255, "n" * 256
        self.make(longest)
        self.assertEqual(os.listdir(self.point), [longest])
        for function, arguments in (
            (os.stat, ()),
            (os.mkdir, ()),
            (os.mkfifo, ()),
            (os.unlink, ()),
            (os.rmdir, ()),
            (os.open, (os.O_CREAT | os.O_RDWR,)),
        ):
            self.fails(errno.ENAMETOOLONG, function, self.path(longer), *arguments)
        for function in (os.link, os.rename):
            self.fails(errno.ENAMETOOLONG, function, self.path(longest), self.path(longer))
        self.fails(errno.ENAMETOOLONG, os.symlink, "x", self.path(longer))

    def test_numbers_are_never_used_again(self):
        seen = set()
        for _ in range(50):
            fd = os.open(self.path("x"), os.O_CREAT | os.O_RDWR)
            seen.add(os.fstat(fd).st_ino)
            os.close(fd)
            os.unlink(self.path("x"))
        self.assertEqual(len(seen), 50)

    def test_the_dots_of_the_root(self):
        self.make("a")
        found = {entry.name: entry for entry in os.scandir(self.point)}
        self.assertEqual(set(found), {"a"})
        self.assertEqual(os.stat(self.path(".")).st_ino, os.stat(self.point).st_ino)
        self.assertEqual(os.stat(self.path("..")).st_ino, os.stat(self.dir).st_ino)
        listed = subprocess.run(
            ["ls", "-ai1", self.point], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.split()
        self.assertEqual(listed[1::2], [".", "..", "a"])
        self.assertEqual(listed[0], str(os.stat(self.point).st_ino))

    def test_what_was_absent_is_found_when_it_is_made(self):
        """The kernel may remember that a name is absent; each way of making it ends that."""

        def absent(name):
            self.fails(errno.ENOENT, os.stat, self.point + "/" + name)

        other = self.point + "/other"
        os.close(os.open(other, os.O_CREAT))
        for name, make in (
            ("open", lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL))),
            ("mkdir", os.mkdir),
            ("mkfifo", os.mkfifo),
            ("symlink", lambda path: os.symlink("x", path)),
            ("link", lambda path: os.link(other, path)),
            ("rename", lambda path: os.rename(other, path)),
        ):
            for _ in range(2):
                absent(name)
            make(self.point + "/" + name)
            self.assertEqual(os.lstat(self.point + "/" + name).st_ino > 1, True)
        absent("other")

    def test_the_parent_of_a_directory_that_moved(self):
        def numbers(path):
            """{name: number} as readdir says them, which the kernel may have read before."""
            lines = subprocess.run(
                ["ls", "-fi1", path], stdout=subprocess.PIPE, text=True, check=True
            ).stdout.splitlines()
            return {name: int(number) for number, name in (line.split() for line in lines)}

        for name in ("a", "b", "a/d", "b/e"):
            os.mkdir(self.point + "/" + name)
        for _ in range(2):
            self.assertEqual(numbers(self.point + "/a/d")[".."], os.stat(self.point + "/a").st_ino)
            self.assertEqual(numbers(self.point + "/b/e")[".."], os.stat(self.point + "/b").st_ino)
        os.rename(self.point + "/a/d", self.point + "/b/d")
        self.assertEqual(numbers(self.point + "/b/d")[".."], os.stat(self.point + "/b").st_ino)
        self.assertEqual(set(numbers(self.point + "/b")), {".", "..", "d", "e"})
        self.assertEqual(set(numbers(self.point + "/a")), {".", ".."})

    def test_reading_a_directory_while_it_changes(self):
        stays = {"stays%d" % i for i in range(3000)}
        for name in stays:
            os.close(os.open(self.path(name), os.O_CREAT))
        seen = []
        for number, entry in enumerate(os.scandir(self.point)):
            seen.append(entry.name)
            os.close(os.open(self.path("new%d" % number), os.O_CREAT))  # never the end, if these came too
            if number % 3 == 0:
                os.unlink(self.path("new%d" % number))
        self.assertEqual(sorted(seen), sorted(stays))

    def test_all_types(self):
        os.mkfifo(self.path("fifo"), 0o600)
        os.symlink("fi" + "fo", self.path("link"))
        os.mknod(self.path("null"), stat.S_IFCHR | 0o600, os.makedev(1, 3))
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(self.path("socket"))
            server.listen()
            client.connect(self.path("socket"))
        self.assertEqual(os.readlink(self.path("link")), "fifo")
        self.assertEqual(
            {name: stat.S_IFMT(os.lstat(self.path(name)).st_mode) for name in os.listdir(self.point)},
            {"fifo": stat.S_IFIFO, "link": stat.S_IFLNK, "null": stat.S_IFCHR, "socket": stat.S_IFSOCK},
        )
        self.assertEqual(os.stat(self.path("null")).st_rdev, os.makedev(1, 3))
        self.fails(errno.EACCES, os.open, self.path("null"), os.O_RDWR)  # nodev
        reader = os.open(self.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(self.path("link"), os.O_WRONLY)
        os.write(writer, b"through")
        self.assertEqual(os.read(reader, 100), b"through")
        os.close(reader)
        os.close(writer)


if __name__ == "__main__":
    fixture.main()
