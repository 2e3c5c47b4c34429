"""Check the size of the built notebook, and whether the notebook on disk is up to date."""

from collections.abc import Iterator

from kernelwright.bundle.build import LARGEST_NOTEBOOK_BYTES
from kernelwright.check.context import Context
from kernelwright.check.registry import register
from kernelwright.errors import Problem
from kernelwright.support import json_text

_BUILD = "run `kernelwright build`"
_LISTED = 3


@register("size", Context)
def size(context: Context) -> Iterator[Problem]:
    """Check that Kaggle accepts a notebook of this size."""
    if not is_too_large(context):
        return
    number = len(context.built.data)
    files = sorted(context.built.tree.files, key=lambda file: (-len(file.data), file.path))[:_LISTED]
    largest = ", ".join(f"{file.path} ({len(file.data):,} bytes)" for file in files)
    yield Problem(
        code="KW904",
        file=context.project.metadata.code_file,
        message=f"{number:,} bytes, and at most {LARGEST_NOTEBOOK_BYTES:,} are sent; largest: {largest}",
        fix=f"narrow sources, add to exclude, move data into a dataset of {context.project.configuration.metadata}, "
        'or set carrier = "dataset"',
    )


def is_too_large(context: Context) -> bool:
    """Return whether the notebook is too large to be built and rehearsed."""
    return len(context.built.data) > LARGEST_NOTEBOOK_BYTES


@register("notebook", Context)
def notebook(context: Context) -> Iterator[Problem]:
    """Compare the notebook on disk with the one built from the current sources."""
    if is_too_large(context):  # `size` reports it; "run build" would be no fix
        return
    file = context.project.metadata.code_file
    try:
        data = context.project.notebook.read_bytes()
    except OSError:
        yield Problem(code="KW901", file=file, message="not built yet", fix=_BUILD)
        return
    if data != context.built.data:
        fix = f"{_BUILD}, or keep what was edited in it with `kernelwright pull --from {file}`"
        yield Problem(code="KW902", file=file, message="stale: the sources give another notebook", fix=fix)
        for message in _defects(data):
            yield Problem(code="KW903", file=file, message=message, fix=_BUILD)


def _defects(data: bytes) -> Iterator[str]:
    """Yield the reasons why Kaggle could not accept or run a notebook that differs from the built one."""
    if len(data) > LARGEST_NOTEBOOK_BYTES:
        yield f"{len(data):,} bytes; Kaggle refuses more than 1 MB and we stop at {LARGEST_NOTEBOOK_BYTES:,}"
    try:
        value = json_text.parse(data)
    except ValueError as error:
        yield f"not JSON: {error}"
        return
    for key in ("metadata", "kernelspec", "name"):
        value = value.get(key) if isinstance(value, dict) else None
    if not value:
        yield "no metadata.kernelspec.name, without which Kaggle cannot run a notebook"
