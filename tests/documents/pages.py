# SPDX-License-Identifier: MIT
"""The documents of this repository, as GitHub shows them: their links, their headings' anchors, their tables."""
import re
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
INDENTED = re.compile(r"(?:^|(?<=\n\n))(?: {4}[^\n]*\n+)+")
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
IMAGE = re.compile(r'<(?:img|source)[^>]* (?:src|srcset)="([^"]+)"')


def prose(text):
    """Without code, in which nothing is a link or a heading."""
    return INDENTED.sub("", FENCE.sub("", text))


def links(page):
    """The targets of its links and pictures."""
    text = re.sub(r"`[^`\n]*`", "", prose(page.read_text(encoding="utf-8")))
    return LINK.findall(text) + IMAGE.findall(text)


def slug(heading):
    """GitHub's rule: lower case, without punctuation, a hyphen for each space."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6} (.+?)(?: #+)?$", prose(page.read_text(encoding="utf-8")), re.M):
        name = slug(heading)
        count = seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def rows(text):
    """The cells of each row of its tables. A bar within code is written as \\|."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
