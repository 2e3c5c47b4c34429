"""The pages: their links lead somewhere, and the glossary is in order."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page):
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert broken == []


def test_the_index_lists_every_page():
    listed = set(LINK.findall((ROOT / "docs/index.md").read_text("utf-8")))
    assert {page.name for page in PAGES if page.parent.name == "docs"} - {"index.md"} <= listed


def test_the_glossary_is_sorted_and_says_each_term_once():
    rows = (ROOT / "docs/glossary.md").read_text("utf-8").split("|---|---|\n")[1].splitlines()
    terms = [row.split("|")[1].strip().lower() for row in rows if row.startswith("|")]
    assert terms == sorted(set(terms))


def test_each_finding_has_its_tests():
    named = re.findall(r"`((?:kernel|packager)/[^`]*)::([^`]*)`", (ROOT / "docs/findings.md").read_text("utf-8"))
    assert len(named) > 50
    lost = [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text("utf-8")
    ]
    assert lost == []
