#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The completions, in the shells that they are for: every word that --help lists is offered, where it belongs."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ["BUILD"])
FOLDERS = {"devshm": BUILD / "preload/command", "devshmd": BUILD / "daemon"}
PROGRAMS = {"devshm": BUILD / "preload/command/devshm", "devshmd": BUILD / "daemon/devshmd"}


def output(*command, **variables):
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, (command, done)
    return done.stdout


def options(program):
    text = output(PROGRAMS[program], "--help").split("examples:")[0]
    return set(re.findall(r"(?m)^[* ] (--[a-z-]+)", text)) | {"--help"}


class Shell:
    """What is offered for the last word of a command line."""

    def test_devshm_commands(self):
        self.assertLessEqual({"run", "check", "ls", "df", "rm", "library"}, self.offered("devshm "))
        self.assertLessEqual({"--help", "--version"}, self.offered("devshm --"))

    def test_devshm_options(self):
        wanted = options("devshm")
        self.assertEqual(wanted - self.offered("devshm run --") - self.offered("devshm check --"), set())
        self.assertNotIn("--json", self.offered("devshm run --"))
        self.assertLessEqual({"--json", "--dir", "--help"}, self.offered("devshm ls --"))
        self.assertNotIn("--explain", self.offered("devshm check --"))

    def test_devshm_values(self):
        self.assertEqual(self.offered("devshm run --when "), {"always", "missing", "small"})
        self.assertEqual(self.offered("devshm check --disable "), {"0", "1"})

    def test_devshmd(self):
        modes = set(re.findall(r"(?m)^  (\w+)  ", output(PROGRAMS["devshmd"], "--help").split("\nOPTIONS")[0]))
        self.assertEqual(len(modes), 5)
        self.assertLessEqual(modes | {"umount", "top", "report"}, self.offered("devshmd "))
        self.assertEqual(options("devshmd") - self.offered("devshmd serve --"), set())


class Bash(Shell, unittest.TestCase):
    def offered(self, line):
        words = line.split(" ")
        script = """
          source "$FILE"; COMP_CWORD=$(($# - 1)); COMP_WORDS=("$@"); "_$1"; printf '%s\\n' "${COMPREPLY[@]}" """
        file = FOLDERS[words[0]] / f"{words[0]}.bash"
        return set(output("bash", "--norc", "-c", script, "bash", *words, FILE=str(file)).split())


class Fish(Shell, unittest.TestCase):
    def offered(self, line):
        file = FOLDERS[line.split()[0]] / f"{line.split()[0]}.fish"
        with tempfile.TemporaryDirectory() as home:
            text = output(
                "fish", "--no-config", "-c", "source $FILE; complete -C $LINE", FILE=str(file), LINE=line, HOME=home
            )
        return {row.split("\t")[0] for row in text.splitlines()}


class Zsh(Shell, unittest.TestCase):
    """zsh completes in an interactive shell alone: one on a terminal of its own, which writes what compadd is given."""

    SCRIPT = r"""
      zmodload zsh/zpty
      zpty shell zsh -f -i
      send() { zpty -w shell "$1"; }
      send "PS1=; unsetopt zle_bracketed_paste; fpath=($FOLDER \$fpath); autoload -U compinit; compinit -u -D"
      send 'compadd() { local -a __all; builtin compadd -O __all "$@"; print -rl -- MATCH:${^__all}; builtin compadd "$@" }'
      send 'zstyle ":completion:*" list-grouped false; bindkey "^I" complete-word'
      # Before the editor reads, the terminal would take the keys itself. What is sent is echoed: it has quotes in words
      # that are waited for.
      send "zle-line-init() { print R''EADY }; zle -N zle-line-init"
      zpty -r shell text '*READY*'
      zpty -w -n shell "$LINE"$'\t'
      zpty -w -n shell $'\C-u'"print D''ONE"$'\n'
      zpty -r shell text '*DONE*'
      print -r -- "$text"
    """

    def offered(self, line):
        with tempfile.TemporaryDirectory() as home:
            text = output(
                "zsh", "-f", "-c", self.SCRIPT, FOLDER=str(FOLDERS[line.split()[0]]), LINE=line, HOME=home, TERM="dumb"
            )
        return {re.sub(r"[=:].*", "", found) for found in re.findall(r"MATCH:(\S+)", text)}


if __name__ == "__main__":
    unittest.main(verbosity=2)
