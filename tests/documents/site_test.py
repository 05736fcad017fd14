#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The site of the documents: built without a warning, its links and anchors lead somewhere, nothing is fetched from elsewhere,
and its pages have the structure that the texts have on GitHub."""
import html.parser
import pathlib
import subprocess
import tempfile
import unittest
from urllib.parse import unquote, urlsplit

import markdown_it
from pages import PAGES, TOP

VOID = set("area base br col embed hr img input link meta source track wbr".split())
# As the two parsers name the parts of a text.
PARTS = {"table_open": "table", "list_item_open": "li", "fence": "pre", "code_block": "pre", "heading_open": "heading"}


class Page(html.parser.HTMLParser):
    """What of a built page the test looks at. The text is what is in <article>; the rest is the theme's."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.fetched, self.open = set(), [], [], []
        self.counts, self.article, self.code = dict.fromkeys(PARTS.values(), 0), "", ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag in ("img", "script", "source", "iframe") and "src" in attributes:
            self.fetched.append(attributes["src"])
        elif tag == "link" and attributes.get("rel") in ("stylesheet", "icon", "preconnect", "preload"):
            self.fetched.append(attributes["href"])
        if "article" in self.open:
            name = "heading" if tag in ("h1", "h2", "h3", "h4", "h5", "h6") else tag
            if name in self.counts:
                self.counts[name] += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if "article" in self.open and not {"pre", "code", "script"} & set(self.open):
            self.article += data
        elif "td" in self.open:
            self.code += data


def structure(path):
    """As CommonMark with tables, which is what GitHub shows, has it."""
    counts = dict.fromkeys(PARTS.values(), 0)
    for token in markdown_it.MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8")):
        if token.type in PARTS:
            counts[PARTS[token.type]] += 1
    return counts


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="site-test.", dir="/var/tmp")
        cls.addClassCleanup(scratch.cleanup)
        cls.place = pathlib.Path(scratch.name).resolve()
        cls.done = subprocess.run(
            [TOP / "docs/site/build", cls.place],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        cls.pages = {path: Page(path) for path in cls.place.rglob("*.html") if path.name != "404.html"}

    def html_of(self, page):
        """Where a text has become a page."""
        relative = page.relative_to(TOP)
        parent = relative.parent if relative.name == "README.md" else relative.with_suffix("")
        return self.place / parent / "index.html"

    def test_it_is_built_without_a_warning(self):
        self.assertEqual((self.done.returncode, self.done.stdout), (0, f"{self.place}/index.html\n"))

    def test_it_has_each_page(self):
        self.assertEqual({self.html_of(page) for page in PAGES}, set(self.pages))

    def test_links_lead_somewhere(self):
        checked = 0
        for path, page in self.pages.items():
            for link in page.links + page.fetched:
                address = urlsplit(link)
                if address.scheme:
                    continue
                checked += 1
                target = path if not address.path else (path.parent / unquote(address.path)).resolve()
                target = target / "index.html" if target.is_dir() else target
                with self.subTest(page=path.relative_to(self.place), link=link):
                    self.assertTrue(target.is_file())
                    if address.fragment and target in self.pages:
                        self.assertIn(unquote(address.fragment), self.pages[target].ids)
        self.assertGreater(checked, 500)

    def test_nothing_is_fetched_from_elsewhere(self):
        for page in self.pages.values():
            self.assertEqual([link for link in page.fetched if urlsplit(link).netloc], [])

    def test_pages_are_as_on_github(self):
        for source in PAGES:
            page = self.pages[self.html_of(source)]
            with self.subTest(page=source.relative_to(TOP)):
                self.assertEqual(page.counts, structure(source))
                self.assertNotRegex(page.article, r"\n\| |\|---|\]\(|\n- ")
                self.assertNotIn(r"\|", page.code)


if __name__ == "__main__":
    unittest.main(verbosity=2)
