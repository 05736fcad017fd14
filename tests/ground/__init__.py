# SPDX-License-Identifier: MIT
"""Where a command of a test runs: what it finds at /dev/shm, as which user, and who watches.

    hidden().run("ls", "/dev/shm")                          no /dev/shm and no tmpfs; an empty /tmp of its own, on disk
    tmpfs("64M").run("df", "/dev/shm")                      the same with a fresh tmpfs there, of this size
    tmpfs().read_only().as_user(65534).run("touch", ...)
    hidden().traced(log, LD_PRELOAD=library).run(...)       strace watches; see leaks.py
    hidden().recorded(devshmd, log).preloading(library)     a recording devshmd at /dev/shm watches; see accesses()
    tmpfs("64M").unwritten().preloading_a_copy(library)     nothing may ever be in there
    hidden().on_files_of(root).run(program)                 this program, with another root's libraries
    on_lambda("/task", memory=512).run("/var/task/program")

A ground is a value: each method returns another one, and puts its words behind those that are there: the library comes last.
What a command mounts or starts, and /tmp, is its own and ends with it.
"""
import dataclasses
import json
import pathlib
import subprocess
import sys

CONTAINER = pathlib.Path(__file__).resolve().parents[2] / "container"
NOT_MADE = 125  # the exit status of a ground that could not be made, and of hide-shm and container/lambda
REMOUNT = f'mount -o remount,ro /dev/shm || exit {NOT_MADE}; exec "$@"'
# The first access is ours: a recording that doesn't have it proves nothing.
RECORD = f"""
mkdir /dev/shm && "$1" hidden --allow-other --daemonize --record "$2" /dev/shm || exit {NOT_MADE}
! stat /dev/shm/is-it-watched 2>/dev/null || exit {NOT_MADE}
shift 2
exec "$@"
"""
# The directory's times tell.
UNWRITTEN = f"""
before=$(stat -c %y%z /dev/shm) || exit {NOT_MADE}
"$@" || exit
[ "$before" = "$(stat -c %y%z /dev/shm)" ] || {{ echo "/dev/shm was written to" >&2; exit 123; }}
"""
COPIES = "/tmp/of-the-test"
COPY = f'mkdir {COPIES} && cp "$1" {COPIES} && shift || exit {NOT_MADE}; exec "$@"'


class NotMade(Exception):
    """The ground could not be made, so nothing has run there; or it shows that nobody watched."""


class TooLong(Exception):
    """The command was ended, because it took longer than it may."""


@dataclasses.dataclass(frozen=True)
class Ground:
    """Words before a command, and what they make of the place where it runs."""

    files: str  # where what it has in /dev/shm really is
    maker: tuple
    wrappers: tuple = ()
    seconds: int = 0

    def within(self, *words):
        """The command is started by these words."""
        return dataclasses.replace(self, wrappers=(*self.wrappers, *map(str, words)))

    def limited(self, seconds):
        """After so many seconds it is ended, with all that it has started."""
        return dataclasses.replace(self, seconds=seconds)

    def read_only(self):
        """Nothing can be made in /dev/shm. For root."""
        return self.within("sh", "-c", REMOUNT, "sh")

    def as_user(self, number):
        """With this user and group, and no other group. For root."""
        return self.within("setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", "--")

    def with_environment(self, **variables):
        return self.within("env", *(f"{name}={value}" for name, value in variables.items())) if variables else self

    def preloading(self, *libraries, **settings):
        """Under these libraries; `settings` are more of the environment."""
        return self.with_environment(LD_PRELOAD=":".join(map(str, libraries)), **settings)

    def preloading_a_copy(self, library, **settings):
        """The same under a copy that every user may read: a build can lie in somebody's home directory."""
        copied = self.within("sh", "-c", COPY, "sh", library)
        return copied.preloading(f"{COPIES}/{pathlib.Path(library).name}", **settings)

    def traced(self, log, **environment):
        """strace writes the calls that name files or sockets to `log`. The environment is the command's, not strace's."""
        return self.within(*strace(log, **environment))

    def recorded(self, devshmd, log):
        """A devshmd at /dev/shm that hides everything writes to `log` what reaches it."""
        return self.within("sh", "-c", RECORD, "sh", devshmd, log)

    def unwritten(self):
        """If the command does well, but has made or removed something in /dev/shm, it ends with 123."""
        return self.within("sh", "-c", UNWRITTEN, "sh")

    def on_files_of(self, root):
        """The command, a path of here, finds the files of another root, and its /dev, /proc and /tmp. For root."""
        return self.within(pathlib.Path(__file__).resolve().with_name("chrooted"), root)

    def argv(self, *command):
        """All the words, for what has to start it in its own way."""
        limit = ["timeout", "-k", "120", str(self.seconds)] if self.seconds else []
        return [*limit, *self.maker, *self.wrappers, *map(str, command)]

    def run(self, *command, **options):
        """How it ended, with what it said as text. Options are those of subprocess.run. Raises NotMade and TooLong."""
        done = subprocess.run(
            self.argv(*command),
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "encoding": "utf-8",
                "errors": "replace",
                "check": False,
                **options,
            },
        )
        if done.returncode == NOT_MADE:
            raise NotMade(f"the ground could not be made: {(done.stderr or '').strip()[-2000:]}")
        if self.seconds and done.returncode in (124, 137):  # by TERM, so that hide-shm has cleaned up, or by KILL
            raise TooLong(f"not done after {self.seconds} s")
        return done


def hidden(tmp=None, options=()):
    """No /dev/shm, and no tmpfs anywhere. /tmp is the directory `tmp`, else an empty one. Options: of container/hide-shm."""
    its_tmp = ("--tmp", str(tmp)) if tmp else ("--private-tmp",)
    return Ground("/tmp/shm", (str(CONTAINER / "hide-shm"), *its_tmp, *options, "--"))


def tmpfs(size=None, tmp=None):
    """A fresh tmpfs on /dev/shm, and all else as where there is none. `size` is as in 64M; without it, half of the memory."""
    return dataclasses.replace(hidden(tmp, ("--shm", size) if size else ("--shm",)), files="/dev/shm")


def apart():
    """The machine as it is, but for a fresh tmpfs on /dev/shm; what is mounted there is not mounted on the machine. For root."""
    script = f'mount -t tmpfs -o mode=1777,nosuid,nodev ours /dev/shm || exit {NOT_MADE}; exec "$@"'
    return Ground("/dev/shm", ("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"))


def on_lambda(task, memory, tmp=4096, **variables):
    """container/lambda on this machine's own files, with so many MB, and in /tmp; the directory `task` is its /var/task."""
    options = ("--root", "/", "--tmp", str(tmp), "--memory", str(memory), "--task", str(task))
    environment = (word for pair in variables.items() for word in ("--env", "=".join(pair)))
    return Ground("/tmp/shm", (str(CONTAINER / "lambda"), *options, *environment, "--"))


def in_root(root, tools, scratch, surrounding):
    """The files of another root, of any libc: see in_root.py, which no variable of ours comes into. For root."""
    words = map(str, (pathlib.Path(__file__).resolve().with_name("in_root.py"), root, tools, scratch, surrounding))
    return Ground("/tmp/shm", (sys.executable, "-I", "-S", *words))


def strace(log, **environment):
    """The words that trace a command and what it starts. By seccomp, as only the calls that are watched are to stop."""
    watched = ("-s", "256", "-e", "trace=%file,%network", "-e", "signal=none")
    variables = (word for name, value in environment.items() for word in ("-E", f"{name}={value}"))
    return ("strace", "-f", "-qq", "--seccomp-bpf", *watched, "-o", str(log), *variables)


def accesses(log):
    """What a ground that is recorded has seen of others: dictionaries, by devshmd's names. Raises NotMade if it saw nothing."""
    with open(log, encoding="utf-8", errors="surrogateescape") as lines:
        seen = [json.loads(line) for line in lines if line.strip()]
    # Our stat walks the mount point too, and mkdir and mount come before the command.
    ours = {access["pid"] for access in seen if "is-it-watched" in access["path"]}
    if not ours:
        raise NotMade("the watch at /dev/shm saw nothing, not even what it had to")
    return [access for access in seen if access["pid"] not in ours and access["program"] != "devshmd"]
