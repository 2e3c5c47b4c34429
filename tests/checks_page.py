"""docs/checks.md, generated from kernelwright/codes.toml by ``python -m tests.checks_page``."""

from itertools import groupby
from pathlib import Path

from kernelwright import codes

PAGE = Path(__file__).parents[1] / "docs/checks.md"
SECTIONS = {
    "KW0": "The project's files",
    "KW1": "kernel-metadata.json",
    "KW2": "Driver and sources",
    "KW3": "Images and wheels",
    "KW4": "Imports",
    "KW5": "The network",
    "KW6": "Paths",
    "KW7": "How the notebook runs and submits",
    "KW8": "Secrets",
    "KW9": "The state of a push",
}
HEAD = """# Codes

Generated from `kernelwright/codes.toml`; do not edit. Each code says one certain thing. [check.md](check.md) explains
the severities and how to suppress a finding. This page gives the usual severity of a code: an error about code is only
a warning if it is not certain that the line runs.
"""


def page() -> str:
    """Return the page: a section per hundred, a heading per code."""
    parts = [HEAD]
    for section, rows in groupby(codes.table().items(), key=lambda row: row[0][:3]):
        parts.append(f"## {section} {SECTIONS[section]}\n")
        parts += (
            f"### {code}\n\n**{row.severity}**: {row.what} {row.why}\n\n**Fix**: {row.fix}\n" for code, row in rows
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
