# SPDX-License-Identifier: MIT
"""Building a target, also with a bug planted in a copy of a source."""
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SANITIZERS = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined"]
# No 64-bit file offsets: they rename functions. NDEBUG is not set: assertions count.
FLAGS = [
    "-std=c++20",
    "-O2",
    "-g1",
    "-fno-omit-frame-pointer",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-function",
    "-Wno-ignored-attributes",
    "-Wno-missing-field-initializers",
    "-Wno-unknown-warning-option",
]


class Failed(Exception):
    """What ends the run without a finding."""


def flags_of(target):
    if not target.libraries:
        return [], []

    def ask(what):
        done = subprocess.run(["pkg-config", what, *target.libraries], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failed(f"{target.name} needs {' and '.join(target.libraries)} (Debian: {target.packages})")
        return done.stdout.split()

    return ask("--cflags"), ask("--libs")


def is_fresh(program, dependencies, stamp, command):
    if not program.exists() or not stamp.exists() or stamp.read_text() != repr(command):
        return False
    words = re.sub(r"\\\n", " ", dependencies.read_text()).split(":", 1)[1].split()
    made = program.stat().st_mtime
    return all(os.path.exists(word) and os.stat(word).st_mtime < made for word in words)


def build(target, out, bug=None):
    """The program, built anew if anything has changed. With a bug: of a copy of one source that has it."""
    name = target.name if bug is None else f"{target.name}.{bug.name.replace(' ', '-')}"
    program, dependencies, stamp = out / name, out / f"{name}.d", out / f"{name}.command"
    compile_flags, link_flags = flags_of(target)
    command = ["clang++", *FLAGS, *SANITIZERS, *target.flags, *compile_flags, "-MD", "-MF", str(dependencies)]
    if bug:
        source = TOP / bug.file
        text = source.read_text(encoding="utf-8")
        if text.count(bug.old) != 1:
            raise Failed(f"{bug.file} has not one place for the bug {bug.name} of {target.name}: {bug.old}")
        copy, overlay = out / f"{name}.source", out / f"{name}.yaml"
        copy.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
        # The compiler takes the copy for the file itself.
        overlay.write_text(
            f"""{{"version": 0, "use-external-names": false, "roots": [{{"name": "{source.parent}",
            "type": "directory", "contents": [{{"name": "{source.name}", "type": "file", "external-contents": "{copy}"}}]}}]}}"""
        )
        command += ["-ivfsoverlay", str(overlay), "-Wno-error"]
    sources = [str(HERE / f"{target.name}.cpp")]
    machine = os.uname().machine
    sources += [str(TOP / source.format(machine=machine)) for source in target.sources]
    command += [*sources, "-o", str(program), *link_flags]
    # Of several sources the compiler lists what one depends on.
    if bug is None and not target.sources and is_fresh(program, dependencies, stamp, command):
        return program
    if shutil.which("clang++") is None:
        raise Failed("there is no clang++ (Debian: clang)")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failed(f"{name} does not compile:\n{done.stdout}")
    stamp.write_text(repr(command))
    return program
