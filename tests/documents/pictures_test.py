#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pictures are what docs/pictures/draw makes of their texts, and can be read on a light and on a dark page."""
import subprocess
import unittest
import xml.etree.ElementTree as xml
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from pages import TOP

PLACE = TOP / "docs/pictures"
SVG = "{http://www.w3.org/2000/svg}"


def load():
    spec = spec_from_loader("draw", SourceFileLoader("draw", str(PLACE / "draw")))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DRAW = load()


def luminance(colour):
    """As WCAG 2 has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


class Pictures(unittest.TestCase):
    def test_they_are_what_their_texts_give(self):
        done = subprocess.run([PLACE / "draw", "--check"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        texts, pictures = (sorted(path.stem for path in PLACE.glob(f"*.{end}")) for end in ("txt", "svg"))
        self.assertEqual(texts, pictures)
        self.assertGreaterEqual(len(texts), 2)

    def test_they_say_what_is_to_be_seen_and_fetch_nothing(self):
        for path in PLACE.glob("*.svg"):
            with self.subTest(picture=path.name):
                root = xml.parse(path).getroot()
                self.assertGreater(len(root.find(f"{SVG}title").text), 40)
                self.assertNotRegex(path.read_text(encoding="utf-8").replace('xmlns="http:', ""), "http|url\\(|<script")

    def test_writing_stands_out_in_both(self):
        for kind, both in DRAW.KINDS.items():
            for page, (fill, edge, ink) in zip(("#ffffff", "#0d1117"), both):
                ground = page if fill == "none" else fill
                self.assertGreaterEqual(contrast(ink, ground), 4.5, (kind, page))
                self.assertGreaterEqual(contrast(edge, page), 2, (kind, page))

    def test_mistakes_are_reported_with_their_line(self):
        start = "picture 20x10 : a picture\n"
        for line, said in {
            "circle a 1,1 5x5 plain : x": "line 2: there is no part named circle",
            "box a 1,1 5x5 plain : far too long for it": "line 2: the text does not fit into box a",
            "arrow a -> b plain :": "line 2: 'a'",
            "bars 1,1 5x5 2 : x\nbar limits.md nothing ratio : x": "line 3: docs/limits.md has no figure for nothing",
            "dots 1,1 1x9 limits.md nothing": "line 2: docs/limits.md has no table with nothing",
        }.items():
            with self.assertRaisesRegex(DRAW.Mistake, said):
                DRAW.drawn(start + line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
