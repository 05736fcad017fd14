# SPDX-License-Identifier: MIT
"""The checks of one cell. Each returns nothing when it passes, and raises Failed or NotApplicable."""
import pathlib
import re

import cells
import images
import operand as operands
import symbols
from cell import Failed, NotApplicable

PRELOAD = "LD_PRELOAD=/matrix/libdevshm.so"
MEMORY = "DEVSHM_STORE=memory"


def bare(cell):
    """Without devshm, every surrounding fails as documented."""
    wrong = []
    for surrounding in cells.SURROUNDINGS:
        found = cell.errnos(cell.run(surrounding.name, "/matrix/probe", "errnos"))
        wanted = cells.expected_errnos(surrounding, cell.is_old_glibc, cell.is_split)
        wrong += [
            "%s: %s gives %d, not %d" % (surrounding.name, call, found.get(call, -1), wanted[call])
            for call in wanted
            if found.get(call) != wanted[call]
        ]
    if wrong:
        raise Failed("\n".join(wrong))


def surrounded(surrounding):
    def check(cell):
        cell.expect_success(surrounding.name, PRELOAD, "/matrix/probe", "all")

    check.__doc__ = "With devshm all works: %s." % surrounding.title
    return check


def handles(cell):
    """By handles of dlopen, and in libraries that are loaded late."""
    cell.expect_success("none", PRELOAD, "/matrix/handles", "all")
    # Here glibc before 2.34 has found a tmpfs of its own by the time that it could ask us.
    cell.expect_success("other-free", PRELOAD, "/matrix/handles", "all")


def memory(cell):
    """With DEVSHM_STORE=memory all works as well, and objects are memory; under an emulator they may be files."""
    cell.expect_success("none", PRELOAD, MEMORY, "/matrix/probe", "all")
    cell.expect_success("none", PRELOAD, MEMORY, "/matrix/handles", "all")
    if not cell.emulator:
        cell.expect_success("none", PRELOAD, MEMORY, "/matrix/probe", "memory")


def by_loader(cell):
    """In a program that was started by calling the loader."""
    cell.expect_success("none", PRELOAD, "/matrix/probe", "all", loader=[cell.loader])


INSPECTED = 64  # exit status of the inspector where all is well: preload/command/check.cpp


def inspect(cell, *variables, loader=(), of="/matrix/probe"):
    """What `devshm check` does once it has found its files; the roots have no shell to run that script in."""
    if not (cell.tools / "libdevshm-check.so").exists():
        raise NotApplicable("there is no libdevshm-check.so beside the library")
    program, more = cell.restartable(of)
    return cell.run(
        "none", PRELOAD + ":/matrix/libdevshm-check.so", "DEVSHM_CHECK=" + program, *more, *variables, of, loader=loader
    )


def devshm_check(cell):
    """devshm check says that everything works, also of a program with libc alone; and that one starts with --explain."""
    for program in ("/matrix/probe", "/matrix/plain"):
        done = inspect(cell, of=program)
        if done.returncode != INSPECTED or done.stderr:
            raise Failed("%s: exit status %d\n%s%s" % (program, done.returncode, done.stdout, done.stderr))
    explain = PRELOAD.replace("=", "=/matrix/libdevshm-check.so:")
    cell.expect_success("none", explain, "DEVSHM_EXPLAIN=1", "/matrix/plain")


def odd_libc(cell):
    """A libc whose constant can't be found: one line says so, and libc's own errno stays."""
    odd = cell.tools / "odd"
    odd.mkdir()
    for name, contents in images.libc_files(cell.root.directory, cell.libc.kind):
        (odd / name).write_bytes(contents.replace(b"/dev/shm", b"/dev/s_m"))
        (odd / name).chmod(0o755)
    # musl's libc and its loader are one file.
    loader = ["/matrix/odd/libc.so"] if cell.libc.kind == "musl" else []
    path = "LD_LIBRARY_PATH=/matrix/odd"
    done = cell.run("none", PRELOAD, path, "/matrix/probe", "errnos", loader=loader)
    found = cell.errnos(done)
    wanted = dict(
        cells.expected_errnos(cells.SURROUNDINGS[0], cell.is_old_glibc, cell.is_split), open=0, mkstemp=0, statvfs=0
    )
    if found != wanted:
        raise Failed("errno values %r, not %r\n%s" % (found, wanted, done.stderr))
    if not re.fullmatch(r"devshm: can't find where this libc keeps [^\n]*\n", done.stderr):
        raise Failed("one line of complaint was expected, not\n%s" % (done.stderr or "nothing"))
    done = inspect(cell, path, loader=loader)
    if done.returncode != INSPECTED + 1 or not re.search(r"^ *constant +BAD", done.stdout, re.MULTILINE):
        raise Failed("devshm check: exit status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))


def operand(cell):
    """A libc that has sem_open's template in instructions: all works, or one line and `devshm check` say what does not."""
    if cell.libc.kind != "glibc" or cell.is_old_glibc or cell.architecture.name != "x86_64":
        raise NotApplicable("only for glibc 2.34 and later on x86_64")
    for kind in ("operand", "unknown"):
        (cell.tools / kind).mkdir()
        for name, contents in images.libc_files(cell.root.directory, cell.libc.kind):
            if name == "libc.so.6":
                contents = operands.with_operands(contents, is_known=kind == "operand")
                if not contents:
                    raise NotApplicable("this libc does not load the template as the matrix knows it")
            (cell.tools / kind / name).write_bytes(contents)
    for kind in ("operand", "unknown"):  # as any other libc, without devshm
        found = cell.errnos(cell.run("none", "LD_LIBRARY_PATH=/matrix/" + kind, "/matrix/probe", "errnos"))
        wanted = cells.expected_errnos(cells.SURROUNDINGS[0], cell.is_old_glibc)
        if found != wanted:
            raise Failed("without devshm: %r, not %r" % (found, wanted))
    path = "LD_LIBRARY_PATH=/matrix/operand"
    cell.expect_success("none", PRELOAD, path, "/matrix/probe", "all")
    done = inspect(cell, path)
    if done.returncode != INSPECTED or not re.search(r"^ *constant +ok +2 places", done.stdout, re.MULTILINE):
        raise Failed("devshm check: exit status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))
    path = "LD_LIBRARY_PATH=/matrix/unknown"
    done = cell.run("none", PRELOAD, path, "/matrix/probe", "errnos")
    found = cell.errnos(done)
    wanted = dict.fromkeys(found, 0) | {call: 2 for call in found if call == "sem_open" or call.endswith("-missing")}
    if found != wanted or not re.fullmatch(
        r"devshm: can't find where this libc's sem_open keeps [^\n]*\n", done.stderr
    ):
        raise Failed("errno values %r, not %r, and\n%s" % (found, wanted, done.stderr))
    done = inspect(cell, path)
    if done.returncode != INSPECTED + 1 or not re.search(
        r"^ *constant +BAD +found for shm_open, but not", done.stdout, re.MULTILINE
    ):
        raise Failed("devshm check: exit status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))


def python(cell):
    """CPython's multiprocessing: fails without devshm, works with it."""
    interpreter = cell.root.python
    if not interpreter:
        raise NotApplicable("this root has no Python")
    everything = ["--only", "Lock,Queue,Pool,Value,SharedMemory"]
    jobs = [
        (["--methods", "fork,spawn", *everything, "--expect", "fail"], []),
        (["--methods", "fork,spawn", *everything], [PRELOAD]),
    ]
    if cell.emulator:
        # A fresh interpreter takes seconds here, and the job's own patience is made for real machines: spawn is left
        # to them. That a name can be opened in a program that was executed, the probe has shown.
        jobs = [
            (["--jobs", "1", "--methods", "fork", *everything, "--expect", "fail"], []),
            (["--jobs", "1", "--methods", "fork", *everything], [PRELOAD]),
        ]
    program, variables = cell.restartable(interpreter)
    home = str(pathlib.PurePath(interpreter).parent.parent)
    variables += ["HOME=/tmp", "PATH=/usr/bin", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHOME=" + home]
    if home != "/usr":  # AWS's images have their libpython where only this variable leads, which Lambda sets
        variables.append("LD_LIBRARY_PATH=%s/lib" % home)
    for options, preload in jobs:
        done = cell.run("none", *preload, *variables, program, "/matrix/primitives.py", *options, emulator=[])
        if done.returncode != 0:
            raise Failed(
                "%s%s: exit status %d\n%s%s"
                % (" ".join(options), " with devshm" * len(preload), done.returncode, done.stdout, done.stderr)
            )


def versions(cell):
    """Of a function with several versions, the default one is called."""
    minor = [str(cell.root.number[1])] if cell.libc.kind == "glibc" else []
    cell.expect_success("none", PRELOAD, "/matrix/probe", "versions", *minor)


def found_functions(cell, *variables):
    done = cell.run("none", *variables, "/matrix/absent/program", "found")
    if done.returncode != 0 or done.stderr:
        raise Failed("exit status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))
    return {name: (weak, by_name) for name, weak, by_name in (line.split() for line in done.stdout.splitlines())}


def same_functions(cell, *variables):
    """With devshm a program finds what it finds without."""
    bare, ours = found_functions(cell, *variables), found_functions(cell, PRELOAD, *variables)
    more = [
        "%s: by weak reference %s, not %s; by dlsym %s, not %s"
        % (name, ours[name][0], bare[name][0], ours[name][1], bare[name][1])
        for name in bare
        if ours[name] != bare[name]
    ]
    if more:
        raise Failed("\n".join(more))
    errors = [
        cell.run("none", *preload, *variables, "/matrix/absent/program", "errors").stdout for preload in ([], [PRELOAD])
    ]
    if errors[0] != errors[1]:
        raise Failed("dlerror says\n%snot\n%s" % (errors[1], errors[0]))
    return bare


def absent(cell):
    """What a libc lacks is as absent as without devshm, or works; also with all taken away that 2.17 had not."""
    path = []
    if cell.libc.kind == "glibc":
        names = set(same_functions(cell))
        older = cell.tools / "older"
        older.mkdir()
        gone = []
        for name, contents in images.libc_files(cell.root.directory, cell.libc.kind):
            if name == "libc.so.6":
                contents, gone = symbols.as_of_the_oldest(contents, names)
                (older / name).write_bytes(contents)
        path = ["LD_LIBRARY_PATH=/matrix/older"]
        bare = same_functions(cell, *path)
        left = [name for name in gone if bare[name] != ("0", "0")]
        if left or "statx" not in gone:
            raise Failed("this libc has not become older: %r of %r are left" % (left, gone))
    for variables in ([], path):
        cell.expect_success("none", PRELOAD, *variables, "/matrix/absent/program", "library")


def old_glibc(cell):
    """What glibc 2.17 has and Debian's oldest has not: libraries that look for the directory as its do."""
    if not cell.is_old_glibc:
        raise NotApplicable("only for glibc before 2.34")
    path = "LD_LIBRARY_PATH=/matrix/2.17"
    found = cell.errnos(cell.run("none", path, "/matrix/old_program", "errnos"))
    wanted = {"sem_open": 38, "shm_open": 38, "shm_unlink": 2}
    if found != wanted:
        raise Failed("without devshm: %r, not %r" % (found, wanted))
    for surrounding in cells.SURROUNDINGS:
        cell.expect_success(surrounding.name, PRELOAD, path, "/matrix/old_program", "all")
    cell.expect_success("none", PRELOAD, path, "/matrix/handles", "all")
    cell.expect_success("other-free", PRELOAD, path, "/matrix/handles", "all")
    cell.expect_success("none", PRELOAD, "LD_LIBRARY_PATH=/matrix/versions", "/matrix/old_program", "versions")


CHECKS = {
    "bare": bare,
    **{surrounding.name: surrounded(surrounding) for surrounding in cells.SURROUNDINGS},
    "handles": handles,
    "memory": memory,
    "loader": by_loader,
    "check": devshm_check,
    "odd-libc": odd_libc,
    "operand": operand,
    "versions": versions,
    "absent": absent,
    "2.17": old_glibc,
    "python": python,
}
