# SPDX-License-Identifier: MIT
"""The examples to paste in docs/elsewhere.md: each fenced block, with the comment before it that says what checks it."""
import re
from typing import NamedTuple

from pages import TOP

PAGE = TOP / "docs/elsewhere.md"
BLOCK = re.compile(r"(?:<!-- check: ([^\n]*) -->\n\n)?```(\w+)\n(.*?)```", re.S)
# As a user would replace the marks.
MARKS = {
    "REPLACE-IMAGE-WITH-THE-LIBRARY": "registry.example.org/devshm:1",
    "REPLACE-IMAGE": "registry.example.org/app:1",
    "REPLACE-NAMESPACE": "apps",
    "REPLACE-ROLE": "train",
    "REPLACE-BUCKET": "bucket",
    "REPLACE-HOST": "files.example.org",
    "REPLACE-DIRECTORY": "/home/user/devshm",
    "REPLACE-APPLICATION": "org.example.App",
}


class Snippet(NamedTuple):
    section: str
    check: str  # "" if nothing can
    language: str
    text: str

    def replaced(self, **others):
        text = self.text
        for mark, value in {**{mark.replace("_", "-"): value for mark, value in others.items()}, **MARKS}.items():
            text = text.replace(mark, value)
        return text


def snippets(check=None):
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        section = part.partition("\n")[0]
        for found in BLOCK.finditer(part):
            snippet = Snippet(section, found[1] or "", found[2], found[3])
            if check is None or snippet.check == check:
                yield snippet
