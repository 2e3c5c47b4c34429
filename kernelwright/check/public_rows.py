"""Check that the fingerprint of the public data is not the template's placeholder."""

from collections.abc import Iterator

from kernelwright.check.registry import register
from kernelwright.errors import Problem
from kernelwright.project.model import PYPROJECT, TABLE, Project

PLACEHOLDER_ROWS = 1000
"""The number of rows that `init` writes, because it does not know the real one."""


@register("public", Project)
def public_rows(project: Project) -> Iterator[Problem]:
    """Find fingerprints that consist of the template's number of rows alone."""
    for name, fingerprint in project.configuration.public.items():
        if fingerprint.rows == PLACEHOLDER_ROWS and fingerprint.bytes is None and fingerprint.sha256 is None:
            yield Problem(
                code="KW131",
                file=PYPROJECT,
                place=f'{TABLE}.public."{name}".rows',
                message=f"{PLACEHOLDER_ROWS} is what `kernelwright init` wrote",
                fix="write the number of rows of the public file, its header not counted",
            )
