"""kernel-metadata.json against Kaggle's rules, and those of its client, beyond types and bounds."""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelwright.check.finding import Finding, Severity
from kernelwright.project.metadata import PLACEHOLDER_OWNER

KNOWN = (
    "id",
    "id_no",
    "title",
    "code_file",
    "language",
    "kernel_type",
    "is_private",
    "enable_gpu",
    "enable_tpu",
    "enable_internet",
    "machine_shape",
    "dataset_sources",
    "competition_sources",
    "kernel_sources",
    "model_sources",
    "keywords",
    "docker_image",
    "docker_image_pinning_type",
)
_OWNED = ("dataset_sources", "kernel_sources", "model_sources")
_ADDRESSES = ("datasets", "code", "models", "competitions", "c")
_LACKING = {"NvidiaTeslaP100": "the image's torch does not run on a P100"}
_SHAPES = ("NvidiaTeslaT4", "NvidiaTeslaP100", "NvidiaL4", "NvidiaH100", "NvidiaRtxPro6000", "TpuV5E8")
_REQUIRED = {"language": "python", "kernel_type": "notebook"}
_IMAGE = "gcr.io/kaggle-images/python@sha256:…"
_KAGGLES = re.compile(r"gcr\.io/kaggle-[a-z-]+/[\w/-]+(@sha256:[0-9a-f]{64}|:[\w.-]+)?")


def check(root: Path, name: str) -> Iterator[Finding]:
    """Check the file ``name``; one that cannot be read at all is reported by who loads it."""
    try:
        told = json.loads((root / name).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    if isinstance(told, dict):
        for rule in _RULES:
            yield from rule(name, told)


def _found(name: str, key: str, problem: str, fix: str, severity: Severity = Severity.error) -> Finding:
    return Finding(check="metadata", severity=severity, place=f"{name}: {key}", problem=problem, fix=fix)


def _keys(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    for key in told:
        if key not in KNOWN:
            near = difflib.get_close_matches(key, KNOWN, n=1)
            fix = f"did you mean {near[0]}?" if near else "remove it"
            yield _found(name, key, "unknown key, which Kaggle's client ignores", fix, Severity.warning)


def _owner(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    places = {"id": told.get("id")}
    for key in _OWNED:
        sources = told.get(key)
        places |= {f"{key}[{i}]": source for i, source in enumerate(sources if isinstance(sources, list) else ())}
    for place, value in places.items():
        if isinstance(value, str) and value.startswith(f"{PLACEHOLDER_OWNER}/"):
            fix = "run `kernelwright configure --owner NAME`"
            yield Finding(
                check="owner",
                severity=Severity.unready,
                place=f"{name}: {place}",
                problem=f"{value}: {PLACEHOLDER_OWNER} is a placeholder",
                fix=fix,
            )


def slugify(title: str) -> str:
    """Return the slug Kaggle makes of a title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _title(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    title, ident = told.get("title"), told.get("id")
    if not isinstance(title, str) or not isinstance(ident, str) or not 5 <= len(title) <= 50:
        return
    slug = ident.partition("/")[2].lower()
    if re.fullmatch(r"[a-z0-9-]{5,}", slug) and slugify(title) != slug:
        problem = f"{title!r} becomes the slug {slugify(title)!r}, but id says {slug!r}: a new kernel lands elsewhere"
        yield _found(name, "title", problem, "change one of the two")


def _required(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    for key, value in _REQUIRED.items():
        if key not in told:
            yield _found(name, key, "missing, and Kaggle's client has no default", f'write "{key}": "{value}"')


def _number(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    value = told.get("id_no")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        yield _found(name, "id_no", f"{value!r} should be a whole number", "leave it out: id says enough")


def _is_on(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _internet(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    key = "enable_internet"
    if key not in told:
        yield _found(name, key, "missing, and Kaggle's client then turns the internet on", f'write "{key}": false')
    elif _is_on(told[key]) and told.get("competition_sources"):
        yield _found(name, key, "on, but a competition's notebook is submitted without it", f'write "{key}": false')


def _machine(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    shape = told.get("machine_shape")
    if _is_on(told.get("enable_gpu")) and not shape:
        problem = "not set beside enable_gpu: Kaggle then chooses, and has chosen a GPU the image does not run on"
        yield _found(name, "machine_shape", problem, 'name one, such as "NvidiaTeslaT4", which is two of them')
    if isinstance(shape, str) and shape in _LACKING:
        yield _found(name, "machine_shape", f"{shape}: {_LACKING[shape]}", 'take "NvidiaTeslaT4"', Severity.warning)
    known = {one.lower(): one for one in _SHAPES}
    near = difflib.get_close_matches(shape.lower(), known, n=1, cutoff=0.8) if isinstance(shape, str) else []
    if near and shape not in _SHAPES:
        problem = f"{shape!r} is not a machine we know, and Kaggle's client sends it as it is"
        yield _found(name, "machine_shape", problem, f"did you mean {known[near[0]]}?", Severity.warning)
    if _is_on(told.get("enable_tpu")) and told.get("competition_sources"):
        problem = "on, but a competition's rerun has no TPU"
        yield _found(name, "enable_tpu", problem, 'write "enable_tpu": false', Severity.warning)


def _code_file(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    value = told.get("code_file")
    if isinstance(value, str) and not value.endswith(".ipynb"):
        yield _found(name, "code_file", f"{value!r} is no notebook", "name a file that ends in .ipynb")


def _sources(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Find sources with the prefix of an address, which a pull has written at times, and sources named twice."""
    for key in (*_OWNED, "competition_sources"):
        values = told.get(key)
        seen = set()
        for index, value in enumerate(values if isinstance(values, list) else ()):
            place = f"{key}[{index}]"
            prefix = value.partition("/")[0] if isinstance(value, str) else ""
            if prefix in _ADDRESSES and value.count("/") >= (2 if key in _OWNED else 1):
                yield _found(name, place, f"{value!r} has the prefix of an address", f"leave {prefix}/ out")
            if str(value) in seen:
                yield _found(name, place, f"{value!r} is attached twice", "remove one", Severity.warning)
            seen.add(str(value))


def _shared_slugs(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Find two sources that Kaggle's older layout mounts at one place."""
    owners: dict[str, str] = {}
    for key in ("competition_sources", *_OWNED):
        values = told.get(key)
        for value in values if isinstance(values, list) else ():
            owner, _, rest = str(value).partition("/")
            slug = rest.partition("/")[0] if key in _OWNED else owner
            other = owners.setdefault(slug, str(value))
            if other != str(value) and slug and owner not in _ADDRESSES:
                problem = f"{other} and {value} are mounted at one place in the older layout"
                yield _found(name, key, problem, "rename one, or attach one of them only", Severity.warning)


def _docker(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    pinning = told.get("docker_image_pinning_type")
    if pinning not in (None, "original", "latest"):
        fix = 'write "original" or "latest", or leave it out'
        yield _found(name, "docker_image_pinning_type", f"{pinning!r} is not known to Kaggle's client", fix)
    image = told.get("docker_image")
    if image is not None and not (isinstance(image, str) and _KAGGLES.fullmatch(image)):
        problem = f"{image!r} should be an image of Kaggle's, such as {_IMAGE}"
        yield _found(name, "docker_image", problem, "copy it from the notebook's page, or leave it out")


def _keywords(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    keywords = told.get("keywords", [])
    if not isinstance(keywords, list) or not all(isinstance(word, str) for word in keywords):
        yield _found(name, "keywords", "should be a list of words", "write a list, or leave it out")


def _public(name: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    value = told.get("is_private", True)
    if value is False or (isinstance(value, str) and value.lower() == "false"):
        fix = 'write "is_private": true, unless that is meant'
        yield _found(name, "is_private", "the notebook will be public, for everybody to read", fix, Severity.warning)


_RULES = (
    *(_keys, _owner, _required, _number, _title, _internet, _machine, _code_file),
    *(_sources, _shared_slugs, _docker, _keywords, _public),
)
