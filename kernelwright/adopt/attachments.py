"""What a notebook attaches: what its metadata says, and what its paths say beyond that."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernelwright.adopt import paths
from kernelwright.adopt.original import Original
from kernelwright.project.metadata import PLACEHOLDER_OWNER

_LISTS = {
    "competition": "competition_sources",
    "dataset": "dataset_sources",
    "kernel": "kernel_sources",
    "model": "model_sources",
}
_SLUG = re.compile("[A-Za-z0-9-]+")
_PREFIX = re.compile(r"^(?:competitions|datasets|kernels|models)/")


@dataclass(frozen=True, kw_only=True)
class Attachments:
    """The lists of kernel-metadata.json, the machine it asks for, and what nobody could know."""

    lists: Mapping[str, list[str]]
    machine: Mapping[str, Any]
    undecided: Sequence[str]

    def metadata(self, slug: str) -> dict[str, Any]:
        """Return kernel-metadata.json."""
        return {
            "id": f"{PLACEHOLDER_OWNER}/{slug}",
            "title": slug.replace("-", " ").capitalize(),
            "code_file": f"build/{slug}.ipynb",
            "language": "python",
            "kernel_type": "notebook",
            "is_private": True,
            **self.machine,
            **self.lists,
        }


def find(original: Original, code: Sequence[str]) -> Attachments:
    """Gather what is attached; what only a path names is attached where the path tells its kind."""
    kaggle = original.kaggle
    # Kaggle's client may write the kind before a name.
    lists = {key: [_PREFIX.sub("", str(ref)) for ref in kaggle.get(key) or ()] for key in _LISTS.values()}
    slugs = {part for refs in lists.values() for ref in refs for part in (ref, *ref.split("/")[:2])}
    undecided, ownerless = list[str](), list[str]()
    for source in paths.attached(code):
        if source.ref in slugs or source.ref.rpartition("/")[2] in slugs:
            continue
        if source.kind:
            lists[_LISTS[source.kind]].append(source.ref)
            undecided.append(f"`{source.ref}` is attached as a {source.kind}, by its path; correct it if it is none")
        elif "/" in source.ref:
            undecided.append(f"`{source.ref}` is read by a part of its name: attach it, a model with its version")
        elif _SLUG.fullmatch(source.ref):
            lists["dataset_sources"].append(f"{PLACEHOLDER_OWNER}/{source.ref}")
            ownerless.append(source.ref)
        else:
            undecided.append(f"`{source.ref}` is read below /kaggle/input, where only what is attached has a folder")
    if ownerless:
        where = "put each one's owner into dataset_sources, or move its slug to competition_sources"
        undecided.append(f"{', '.join(f'`{ref}`' for ref in ownerless)}: read, and nothing says whose; {where}")
    return Attachments(lists=lists, machine=_machine(original, undecided), undecided=undecided)


def _machine(original: Original, undecided: list[str]) -> dict[str, Any]:
    """Return what machine is asked for: by kernel-metadata.json, else by the notebook's own metadata."""
    kaggle, own = original.kaggle, original.own.get("kaggle")
    own = own if isinstance(own, dict) else {}
    accelerator = str(own.get("accelerator", "none")).lower()
    if kaggle.get("enable_internet", own.get("isInternetEnabled")):
        undecided.append("the original had the internet; it is switched off in kernel-metadata.json")
    machine = {
        "enable_gpu": kaggle.get("enable_gpu", "tpu" not in accelerator and accelerator not in {"none", ""}),
        "enable_tpu": kaggle.get("enable_tpu", "tpu" in accelerator),
        "enable_internet": False,
    }
    named = str(own.get("accelerator", ""))
    shape = kaggle.get("machine_shape") or named[:1].upper() + named[1:]
    return machine | ({"machine_shape": shape} if str(shape).startswith("Nvidia") else {})
