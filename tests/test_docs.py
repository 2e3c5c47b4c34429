"""The pages: links lead somewhere, documented commands exist, and the glossary is in order."""

import re
from pathlib import Path

import pytest
import typer.main

from kernelwright.cli import app

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS]
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
COMMAND = re.compile(r"(?:^|`|\$ |&& )kernelwright ([a-z]+)([^\n`&#|]*)", re.MULTILINE)
COMMANDS = typer.main.get_command(app).commands


def anchors(page):
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_a_heading_in_it(page):
    broken = []
    for file, heading in LINK.findall(page.read_text("utf-8")):
        target = page.parent / file if file else page
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(f"{file}#{heading}")
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists_with_its_options(page):
    for name, arguments in COMMAND.findall(page.read_text("utf-8")):
        if page.name == "add-a-command.md" and name == "slugs":
            continue  # the page's example
        options = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"-h", "--help"}
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", arguments)) <= options, f"kernelwright {name}{arguments}"


def test_the_index_lists_every_page():
    listed = {file for file, _ in LINK.findall((ROOT / "docs/index.md").read_text("utf-8"))}
    assert {page.name for page in DOCS} - {"index.md"} <= listed


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
