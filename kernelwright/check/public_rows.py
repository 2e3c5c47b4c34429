"""How the public data is recognised: not by what a template wrote."""

from collections.abc import Iterator

from kernelwright.check.registry import register
from kernelwright.errors import Problem
from kernelwright.project.model import PYPROJECT, TABLE, Project

PLACEHOLDER_ROWS = 1000
"""What `init` writes, for want of the real number."""


@register("public", Project)
def public_rows(project: Project) -> Iterator[Problem]:
    """Find rows that are still those of the template."""
    for name, fingerprint in project.configuration.public.items():
        if fingerprint.rows == PLACEHOLDER_ROWS and fingerprint.bytes is None and fingerprint.sha256 is None:
            yield Problem(
                code="KW131",
                file=PYPROJECT,
                place=f'{TABLE}.public."{name}".rows',
                message=f"{PLACEHOLDER_ROWS} is what `kernelwright init` wrote",
                fix="write the number of rows of the public file, its header not counted",
            )
