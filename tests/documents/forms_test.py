#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The issue forms have what GitHub asks of them, as its documentation of the syntax has it, and what they name is there."""
import re
import unittest

import yaml
from pages import TOP

FORMS = sorted(path for path in (TOP / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
# The attributes of each kind of element: those that it must have, and those that it may have.
ELEMENTS = {
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


def mistakes(form):
    """What GitHub would refuse."""
    if (
        not {"name", "description", "body"}
        <= set(form)
        <= {"name", "description", "body", "labels", "title", "assignees"}
    ):
        yield f"keys {sorted(form)}"
    seen = set()
    for element in form.get("body", []):
        kind, attributes = element.get("type"), set(element.get("attributes", {}))
        if kind not in ELEMENTS:
            yield f"type {kind}"
            continue
        needed, possible = ELEMENTS[kind]
        if not needed <= attributes <= needed | possible:
            yield f"{kind} with {sorted(attributes)}"
        if not set(element) <= {"type", "id", "attributes", "validations"}:
            yield f"{kind} with {sorted(element)}"
        if kind != "markdown" and (not re.fullmatch(r"[\w-]+", element.get("id", "")) or element["id"] in seen):
            yield f"id of {kind}"
        seen.add(element.get("id"))
    if seen <= {None}:
        yield "nothing to fill in"


class Forms(unittest.TestCase):
    def test_github_accepts_them(self):
        self.assertGreaterEqual(len(FORMS), 3)
        for path in FORMS:
            self.assertEqual(list(mistakes(yaml.safe_load(path.read_text(encoding="utf-8")))), [], path.name)

    def test_mistakes_are_noticed(self):
        good = yaml.safe_load(FORMS[0].read_text(encoding="utf-8"))
        for change in ({"body": []}, {"nam": "x"}, {"body": good["body"] * 2}, {"body": [{"type": "text", "id": "x"}]}):
            self.assertNotEqual(list(mistakes({**good, **change})), [], change)

    def test_the_documents_that_they_name_are_there(self):
        for path in [*FORMS, TOP / ".github/ISSUE_TEMPLATE/config.yml"]:
            for name in re.findall(r"docs/\w+\.md|[A-Z]+\.md", path.read_text(encoding="utf-8")):
                self.assertTrue((TOP / name).is_file(), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
