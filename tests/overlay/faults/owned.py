# SPDX-License-Identifier: MIT
"""A backing directory that belongs to this user or that, and what programs then have."""
import os
import stat

from inside import SHM, as_user
from users import STRANGER, Ground

TARGET = "/tmp/home.0/target"
NAMES = ["path=a", "sem=/b", "shm=/c"]
GOOD = ["path ok", "sem ok", "shm ok"]
REFUSED = ["path errno 13", "sem errno 13", "shm errno 13"]


class Owned(Ground):
    def theirs(self, mode=0o1777, user=STRANGER):
        self.assertEqual(as_user(user, lambda: (os.mkdir(SHM), os.chmod(SHM, mode))), 0)

    def expect_everybodys(self):
        found = os.lstat(SHM)
        self.assertEqual(
            (stat.S_IFMT(found.st_mode), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid),
            (stat.S_IFDIR, 0o1777, 0, 0),
        )
        self.assertEqual([name for name in os.listxattr(SHM) if name.startswith(("system.", "user."))], [])

    def expect_refusal(self, taken, complaint):
        lines, said = taken
        self.assertEqual(lines, REFUSED)
        self.one_line(said, complaint)
