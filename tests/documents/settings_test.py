#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the documents say of the settings is what the table says, and a new row of the table is a new setting."""
import os
import re
import subprocess
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
DEVSHM = os.environ["DEVSHM"]


def load(path):
    spec = spec_from_loader("fill_in", SourceFileLoader("fill_in", str(path)))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FILL_IN = load(TOP / "preload/command/fill_in")


def run(*command, **environment):
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def words(text):
    return " ".join(text.split())


class Settings(unittest.TestCase):
    rows = FILL_IN.settings()

    def test_the_readme_lists_them_all(self):
        table = re.findall(r"^\| `(DEVSHM_\w+)` \| (.*) \| (.*) \|$", (TOP / "README.md").read_text(), re.M)
        expected = [
            (row.variable, ", ".join(f"`{value}`" for value in row.values.split("|")), f"{row.help}")
            for row in self.rows
        ]
        self.assertEqual([(variable, values, text.split("; default")[0]) for variable, values, text in table], expected)
        for row, (_, _, text) in zip(self.rows, table):
            self.assertEqual(text.partition("; default ")[2], f"`{row.default}`" if row.default else "", row.variable)

    def test_help_lists_them_all(self):
        _, text, _ = run(DEVSHM, "--help")
        for row in self.rows:
            self.assertRegex(text, rf"(?m)^  --{row.option} {re.escape(row.values)}( |$)")
            self.assertIn(f"{row.help} ({row.variable}", words(text))

    def test_each_is_an_option(self):
        for row in self.rows:
            value = {"DIR": "/x/y", "stderr|FILE": "/x/log"}.get(row.values, row.values.split("|")[-1])
            value = value.replace("SIZE", "64M").replace("N%", "25%")
            for option in ([f"--{row.option}", value], [f"--{row.option}={value}"]):
                status, out, err = run(DEVSHM, "run", *option, "printenv", row.variable, DEVSHM_DISABLE="1")
                self.assertEqual((status, out, err), (0, value + "\n", ""), option)

    def test_a_wrong_value_is_an_error_reported_once(self):
        for option, said in {
            "--when=nonsense": "--when nonsense must be one of always|missing|small|small:SIZE",
            "--when=small:": "--when small: must be one of always|missing|small|small:SIZE",
            "--when=small:64X": "--when small:64X must be one of always|missing|small|small:SIZE",
            "--when=missing:1G": "--when missing:1G must be one of always|missing|small|small:SIZE",
            "--when=": "--when needs a value; see devshm --help",
            "--dir=x": "--dir x must be an absolute path",
            "--log=x": "--log x must be an absolute path",
            "--no=x": "unknown option --no; see devshm --help",
        }.items():
            for command in ("run", "check"):
                self.assertEqual(run(DEVSHM, command, option, "true"), (2, "", f"devshm: {said}\n"))

    def test_a_row_is_all_that_a_new_one_takes(self):
        """The recipe of docs/contributing.md, on a copy of preload/."""
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place) / "preload"
            subprocess.run(["cp", "-r", TOP / "preload", copy], check=True)
            table = copy / "settings.def"
            row = (
                'SETTING(DEVSHM_TASTE, taste, Choice<Taste>, "missing", inherited, "always|missing", "how it tastes")\n'
            )
            table.write_text(table.read_text().replace("\n#undef SETTING", row + "\n#undef SETTING"))
            header = copy / "settings.h"
            enumeration = "enum class Taste : unsigned char { always, missing };\n"
            header.write_text(
                header.read_text().replace("/// The settings by their", enumeration + "/// The settings by their")
            )
            driver = Path(place) / "driver.cpp"
            driver.write_text(
                '#include "preload/settings.h"\n#include <stdio.h>\n'
                "int main() { const auto& set = devshm::settings();"
                ' printf("%d %s\\n", int(set.taste), set.for_children[int(devshm::Setting::DEVSHM_TASTE)]); }\n'
            )
            parts = "settings.cpp setting_parsers.cpp start_variables.cpp report.cpp path_rule.cpp text.cpp".split()
            parts += "amount.cpp real_dev_shm.cpp memory_size.cpp cgroup.cpp".split()
            parts += [f"may_match_{os.uname().machine}.S"]
            program = Path(place) / "driver"
            subprocess.run(
                ["c++", "-std=c++20", "-o", program, driver, *(copy / part for part in parts)],
                check=True,
            )
            self.assertEqual(run(program, DEVSHM_TASTE="always"), (0, "0 always\n", ""))
            self.assertEqual(
                run(program, DEVSHM_TASTE="x")[2],
                "devshm: DEVSHM_TASTE=x must be one of always|missing; using missing\n",
            )
            text = load(copy / "command/fill_in")
            self.assertIn("--taste always|missing", text.option_lines(text.settings(table)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
