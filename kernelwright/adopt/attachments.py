"""Find the sources that a notebook attaches, from its metadata and from the paths in its code."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kernelwright.adopt.original import Original
from kernelwright.adopt.paths import PLACE
from kernelwright.project.metadata import PLACEHOLDER_OWNER
from kernelwright.runtime.inputs import KINDS

# Folder in the new layout -> list in kernel-metadata.json.
_LISTS = {
    "competitions": "competition_sources",
    "datasets": "dataset_sources",
    "notebooks": "kernel_sources",
    "models": "model_sources",
}
_MENTION = re.compile(rf"{PLACE}/([A-Za-z0-9][\w.-]*(?:/[\w.-]+)*)")
# Names of sample submissions: a source that contains one is a competition.
_SAMPLE = re.compile(r"(\w*sample_?submission\w*|gender_submission|submission_format)\.(csv|parquet)", re.IGNORECASE)


def metadata(slug: str, original: Original, code: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the content of kernel-metadata.json, and report lines about what could not be determined.

    A source that only a path in the code names is attached if the path tells its kind. A bare slug is attached as a
    dataset of the placeholder owner.
    """
    kaggle = original.kaggle
    # Kaggle's client may write the kind in front of a name.
    prefix = re.compile(r"^(?:competitions|datasets|kernels|models)/")
    lists = {key: [prefix.sub("", str(ref)) for ref in kaggle.get(key) or ()] for key in _LISTS.values()}
    attached = {part for refs in lists.values() for ref in refs for part in (ref, *ref.split("/")[:2])}
    undecided, ownerless = list[str](), list[str]()
    for ref, key in mentioned(code).items():
        if ref in attached or ref.rpartition("/")[2] in attached:
            continue
        if key:
            lists[key].append(ref)
            kind = key.removesuffix("_sources")
            undecided.append(f"`{ref}` is attached as a {kind}, by its path; correct it if that is wrong")
        elif "/" in ref:
            undecided.append(
                f"`{ref}` is read, but only part of its name is known: attach it (a model with its version)"
            )
        elif re.fullmatch("[A-Za-z0-9-]+", ref):
            lists["dataset_sources"].append(f"{PLACEHOLDER_OWNER}/{ref}")
            ownerless.append(f"`{ref}`")
        else:
            undecided.append(f"`{ref}` is read below /kaggle/input, where only attached sources have a folder")
    if ownerless:
        where = "write each owner in dataset_sources, or move its slug to competition_sources"
        undecided.append(f"{', '.join(ownerless)}: read, but the owner is unknown; {where}")
    own = original.own.get("kaggle")
    own = own if isinstance(own, dict) else {}
    if kaggle.get("enable_internet", own.get("isInternetEnabled")):
        undecided.append("the original had the internet; it is switched off in kernel-metadata.json")
    fixed = {
        "id": f"{PLACEHOLDER_OWNER}/{slug}",
        "title": slug.replace("-", " ").capitalize(),
        "code_file": f"build/{slug}.ipynb",
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
    }
    return fixed | _machine(kaggle, own) | lists, undecided


def mentioned(texts: Iterable[str]) -> dict[str, str]:
    """Return the sources that paths in the code name: slug, ``owner/slug`` or a model's name -> list of the metadata.

    The list is empty if the path does not tell the kind, or only part of the name, as for a model without its version.
    """
    sources: dict[str, str] = {}
    for match in (match for text in texts for match in _MENTION.finditer(text)):
        ref, *rest = match[1].split("/")
        key = _LISTS["competitions"] if rest and _SAMPLE.fullmatch(rest[0]) else ""
        if ref in KINDS:
            depth = KINDS[ref].count("*")
            key, ref = _LISTS[ref] if len(rest) >= depth else "", "/".join(rest[:depth])
        if ref and (key or ref not in sources):  # a path that tells the kind overrides one that does not
            sources[ref] = key
    return sources


def _machine(kaggle: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the requested machine, from kernel-metadata.json or else from the notebook's own metadata."""
    named = str(own.get("accelerator", "none"))
    accelerator = named.lower()
    machine = {
        "enable_gpu": kaggle.get("enable_gpu", "tpu" not in accelerator and accelerator not in {"none", ""}),
        "enable_tpu": kaggle.get("enable_tpu", "tpu" in accelerator),
        "enable_internet": False,
    }
    # The notebook's metadata begins the name with a small letter, kernel-metadata.json with a capital.
    shape = str(kaggle.get("machine_shape") or named[:1].upper() + named[1:])
    return machine | ({"machine_shape": shape} if shape.startswith("Nvidia") else {})
