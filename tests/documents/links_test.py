#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each link of the documents leads to something, and each page can be reached from the index."""
import unittest
from urllib.parse import unquote

from pages import PAGES, TOP, anchors, links


def resolved(page, link):
    """The file that a relative link leads to, and the anchor in it."""
    path, _, anchor = link.partition("#")
    return (page.parent / unquote(path)).resolve() if path else page, anchor


def broken(page, found):
    """Those of the links that lead nowhere."""
    for link in found:
        if "://" in link or link.startswith("mailto:"):
            continue
        target, anchor = resolved(page, link)
        if not target.exists() or not target.is_relative_to(TOP):
            yield link
        elif anchor and (target.suffix != ".md" or anchor not in anchors(target)):
            yield link


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        for page in PAGES:
            with self.subTest(page=page.relative_to(TOP)):
                self.assertEqual(list(broken(page, links(page))), [])

    def test_broken_ones_are_found(self):
        page = TOP / "README.md"
        wrong = ["docs/nothing.md", "docs/limits.md#nothing", "#nothing", "../outside.md", "LICENSE#line"]
        self.assertEqual(list(broken(page, [*wrong, "docs/limits.md", "LICENSE", "https://example.org/#x"])), wrong)
        self.assertGreater(len(links(page)), 10)

    def test_the_index_lists_each_page(self):
        index = TOP / "docs/README.md"
        listed = {resolved(index, link)[0] for link in links(index) if "://" not in link}
        self.assertEqual(set(PAGES) - listed - {index}, set())

    def test_pictures_are_shown_somewhere(self):
        shown = {resolved(page, link)[0] for page in PAGES for link in links(page) if "://" not in link}
        self.assertEqual(set((TOP / "docs").rglob("*.svg")) - shown, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
