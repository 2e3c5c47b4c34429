"""Check kernel-metadata.json for values that are valid but have surprising effects on Kaggle."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields

from kernelwright.check.context import Files
from kernelwright.check.registry import register
from kernelwright.errors import Problem
from kernelwright.project.metadata import OWNED_SOURCES, PLACEHOLDER_OWNER, SOURCES, KernelMetadata, references
from kernelwright.project.refs import SourceRef

_REQUIRED = {"language": "python", "kernel_type": "notebook"}
# From docs/kernels.md of Kaggle's client, which sends any name unchecked. The P100 was in that list until this date.
_SHAPES_OF = "September 2026"
_SHAPES = (
    *("NvidiaTeslaT4", "NvidiaTeslaT4Highmem", "NvidiaTeslaP100", "NvidiaTeslaA100", "NvidiaL4", "NvidiaL4X1"),
    *("NvidiaH100", "NvidiaRtxPro6000", "TpuV5E8", "TpuV6E8"),
)


@register("owner", Files)
def owner(files: Files) -> Iterator[Problem]:
    """Find the placeholder owner."""
    for place, value in references(files.values):
        if value.startswith(f"{PLACEHOLDER_OWNER}/"):
            fix = "run `kernelwright configure --owner NAME`"
            yield files.problem("KW102", place, f"{value}: {PLACEHOLDER_OWNER} is a placeholder", fix)


@register("metadata", Files)
def keys(files: Files) -> Iterator[Problem]:
    """Find unknown keys, and missing keys for which Kaggle's client has no default."""
    known_fields = [field.name for field in fields(KernelMetadata)]
    for key in files.raw:
        if key not in known_fields:
            near = difflib.get_close_matches(key, known_fields, n=1)
            fix = f"did you mean {near[0]}?" if near else "remove it"
            yield files.problem("KW101", key, "unknown key, which Kaggle's client ignores", fix)
    for key, value in _REQUIRED.items() if files.raw else ():
        if key not in files.raw:
            yield files.problem(
                "KW103", key, "missing, and Kaggle's client has no default", f'write "{key}": "{value}"'
            )


@register("metadata", Files)
def title(files: Files) -> Iterator[Problem]:
    """Compare the slugs of title and id: Kaggle takes the slug of a new kernel from its title."""
    if not {"title", "id"} <= files.values.keys():
        return
    name, slug = files.values["title"], SourceRef.parse(files.values["id"]).slug.lower()
    if slugify(name) != slug:
        message = f"{name!r} becomes the slug {slugify(name)!r}, but id says {slug!r}: a new kernel lands elsewhere"
        yield files.problem("KW104", "title", message, "change one of the two")


def slugify(name: str) -> str:
    """Return the slug that Kaggle makes from a title."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@register("metadata", Files)
def visibility(files: Files) -> Iterator[Problem]:
    """Check who can read the notebook and whether it may use the internet."""
    key, fix = "enable_internet", 'write "enable_internet": false'
    if files.raw and key not in files.raw:
        yield files.problem("KW105", key, "missing, and Kaggle's client then turns the internet on", fix)
    elif files.values.get(key) and files.values.get("competition_sources"):
        yield files.problem("KW106", key, "on, but a competition's notebook is submitted without it", fix)
    if files.values.get("is_private") is False:
        fix = 'write "is_private": true, unless that is meant'
        yield files.problem("KW110", "is_private", "the notebook will be public, for everybody to read", fix)


@register("metadata", Files)
def machine(files: Files) -> Iterator[Problem]:
    """Check the requested machine."""
    key, shape = "machine_shape", files.values.get("machine_shape", "")
    if files.values.get("enable_gpu") and not files.raw.get(key):  # raw: an invalid shape is still set
        message = "not set beside enable_gpu: Kaggle then chooses, and has chosen a GPU the image does not run on"
        yield files.problem("KW107", key, message, 'name one, such as "NvidiaTeslaT4"')
    if shape == "NvidiaTeslaP100":
        message = f"{shape}: the image's torch does not run on a P100"
        yield files.problem("KW108", key, message, 'take "NvidiaTeslaT4"')
    if shape and shape not in _SHAPES:
        message = f"{shape!r} is not in the client's list of {_SHAPES_OF}, and is sent as it is: {', '.join(_SHAPES)}"
        yield files.problem("KW109", key, message, "correct it, or put KW109 into ignore if Kaggle has it by now")
    if files.values.get("enable_tpu") and files.values.get("competition_sources"):
        message, fix = "on, but a competition's rerun has no TPU", 'write "enable_tpu": false'
        yield files.problem("KW111", "enable_tpu", message, fix)


@register("metadata", Files)
def sources(files: Files) -> Iterator[Problem]:
    """Find sources that are attached twice, or that the old layout mounts in the same folder."""
    by_slug: dict[str, list[str]] = defaultdict(list)
    for key in SOURCES:
        values = files.values.get(key, ())
        for index, value in enumerate(values):
            if value in values[:index]:
                yield files.problem("KW112", f"{key}[{index}]", f"{value!r} is attached twice", "remove one")
                continue
            # The old layout mounts every source by its slug alone, whatever its kind and owner.
            others = by_slug[SourceRef.parse(value).slug if key in OWNED_SOURCES else value]
            if others:
                message = f"{others[0]} and {value} are mounted at one place in the older layout"
                fix = "rename one, or attach one of them only"
                yield files.problem("KW113", f"{key}[{index}]", message, fix)
            others.append(value)
