#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/errors.md has the messages that programs really print where there is no /dev/shm, with their errno, and it quotes
devshm's own as the library has them."""
import errno
import re
import subprocess
import sys
import unittest

from ground import hidden, tmpfs
from pages import TOP, rows

PAGE = (TOP / "docs/errors.md").read_text(encoding="utf-8")
ANYTHING = "…"
# What is printed on the ground without /dev/shm, in the words of users. Python is the one that runs this test.
PROGRAMS = {
    "the demo": [sys.executable, TOP / "container/demo.py"],
    "open": [sys.executable, "-c", "open('/dev/shm/x', 'w')"],
    "shell": ["sh", "-c", "echo x >/dev/shm/x"],
    "mkdir": ["mkdir", "/dev/shm/x"],
    "ls": ["ls", "/dev/shm/x"],
    "loader": ["env", "LD_PRELOAD=/opt/lib/libdevshm.so", "true"],
}
# And where /dev/shm has one mebibyte.
SHARE = "from multiprocessing.shared_memory import SharedMemory as S; m = S(create=True, size=4 << 20); "
SMALL = {
    "a mapping": ["sh", "-c", f"{sys.executable} -c '{SHARE}m.buf[:] = bytes(4 << 20)'; true"],
    "a file": ["sh", "-c", "dd if=/dev/zero of=/dev/shm/x bs=1M count=4"],
    "a lock": [
        "sh",
        "-c",
        f"head -c 4M /dev/zero >/dev/shm/x 2>/dev/null; {sys.executable} -c 'import multiprocessing as m; m.Lock()'",
    ],
}


def pattern(text):
    return re.compile(".*".join(re.escape(" ".join(part.split())) for part in text.split(ANYTHING)))


def entries():
    """Each message of the page, as a pattern, with the numbers of its row."""
    for cells in rows(PAGE):
        numbers = set(map(int, re.findall(r"\b\d+\b", cells[1]))) if len(cells) == 3 else set()
        for text in re.findall(r"`([^`]+)`", cells[0]):
            yield pattern(text), numbers


def said(command, ground=hidden()):
    plain = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = ground.run(*command, stderr=subprocess.STDOUT, env=plain)
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


class Errors(unittest.TestCase):
    known = list(entries())

    def find(self, message):
        """The numbers of the most exact entry that the message has in it."""
        found = [(len(entry.pattern), numbers) for entry, numbers in self.known if entry.search(message)]
        self.assertTrue(found, f"docs/errors.md does not have: {message}")
        return max(found, key=lambda each: each[0])[1]

    def test_what_programs_print(self):
        for name, command in {**PROGRAMS, **SMALL}.items():
            lines = [
                line
                for line in said(command, tmpfs("1M") if name in SMALL else hidden())
                if re.search(r"[Ee]rror|cannot|nonexistent|ERROR", line)
            ]
            self.assertTrue(lines, name)
            for line in lines:
                with self.subTest(program=name, line=line):
                    numbers = self.find(line)
                    if number := re.search(r"\[Errno (\d+)\]", line):
                        self.assertIn(int(number[1]), numbers)

    def test_the_readme_quotes_the_demo(self):
        def known(line):
            return re.sub(r"psm_\w+", "psm_", " ".join(line.split()))

        readme = (TOP / "README.md").read_text(encoding="utf-8")
        for argument, ground in ([], hidden()), (["100"], tmpfs("64M")):
            command = " ".join(["python3 container/demo.py", *argument])
            quoted = re.search(rf"^    {command}\n((?:      .*\n)+)", readme, re.M)[1].splitlines()
            printed = said([sys.executable, TOP / "container/demo.py", *argument], ground)
            self.assertEqual([known(line) for line in quoted], [known(line) for line in printed])

    def test_what_the_programs_of_the_tests_print(self):
        """docs/programs.md has them, from the last time that all of them ran."""
        for cells in rows((TOP / "docs/programs.md").read_text(encoding="utf-8")):
            for message in re.findall(r"`(.+)`", cells[3]) if len(cells) > 3 else []:
                if "skipped" not in message and "AssertionError" not in message:
                    with self.subTest(program=cells[0]):
                        self.find(message)

    def test_a_message_has_the_number_of_its_words(self):
        """ "No such file or directory" is 2 wherever it stands, and so on."""
        names = "ENOENT EACCES EROFS ENOSPC ENOSYS EMFILE ENOMEM EPERM EAGAIN".split()
        words = {subprocess.os.strerror(getattr(errno, name)): getattr(errno, name) for name in names}
        checked = 0
        for entry, numbers in self.known:
            for text, number in words.items():
                if re.escape(text) in entry.pattern and numbers:
                    checked += 1
                    self.assertIn(number, numbers, entry.pattern)
        self.assertGreater(checked, 25)

    def test_an_unknown_message_is_noticed(self):
        with self.assertRaises(AssertionError):
            self.find("ValueError: invalid literal for int()")

    def test_devshm_s_own_are_quoted_as_they_are(self):
        source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((TOP / "preload").rglob("*.cpp")))
        literals = "\n".join(re.findall(r'"((?:[^"\\]|\\.)*)"', re.sub(r'"\s*"', "", source)))
        quoted = re.findall(r"^\| `(?:devshm: |…; )([^`]*)`", PAGE, re.M)
        self.assertGreater(len(quoted), 7)
        for text in quoted:
            for part in (part.strip(" :,") for part in re.split(f"{ANYTHING}|;|, (?:and|but) | for ", text)):
                if len(part.split()) > 1:
                    self.assertTrue(part in literals, f"the library does not say: {part}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
