"""The one table of codes against the code that uses them and the page that shows them."""

import re
from pathlib import Path

from kernelwright import codes
from tests import checks_page

PACKAGE = Path(codes.__file__).parent


def used() -> set[str]:
    """Return every code that stands as a text in the package, outside the table itself."""
    files = [file for file in PACKAGE.rglob("*") if file.suffix in {".py", ".toml"} and file.name != "codes.toml"]
    return {code for file in files for code in re.findall(r"[\"'](KW\d{3})[\"']", file.read_text("utf-8"))}


def test_every_code_that_is_used_has_a_row():
    assert sorted(used() - codes.table().keys()) == []


def test_every_row_is_used():
    assert sorted(codes.table().keys() - used()) == []


def test_every_row_is_a_sentence_each_and_in_a_section_of_the_page():
    for code, row in codes.table().items():
        assert re.fullmatch(r"KW\d{3}", code)
        assert code[:3] in checks_page.SECTIONS
        assert all(text.endswith(".") for text in (row.what, row.why, row.fix)), code


def test_the_page_is_of_the_table():
    """Where it is stale, run ``python -m tests.checks_page``."""
    assert checks_page.PAGE.read_text("utf-8") == checks_page.page()
