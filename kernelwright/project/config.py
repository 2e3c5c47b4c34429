"""The keys of ``[tool.kernelwright]`` in pyproject.toml, and their rules."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from kernelwright import codes
from kernelwright.project.parsing import matching

RUNTIME = "kernelwright.runtime"
_FORBID = ConfigDict(extra="forbid")


def _code(value: str) -> str:
    if not value or not any(code.startswith(value) for code in codes.table()):
        raise ValueError("should be a code of docs/checks.md, or how several begin")
    return value


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


_NAME = r"[^\W\d]\w*"
_NO_WAY_UP = r"(?s)(?!(.*/)?\.\.(/|\Z))"  # no step of the path is `..`
Hook = Annotated[str, matching(rf"{_NAME}(\.{_NAME})*:{_NAME}", 'should be "package.module:function"')]
PathInside = Annotated[str, matching(r"[^\x00-\x1f\x7f]+", "should be a path in the project")]
OptionalPath = Annotated[str, matching(r"[^\x00-\x1f\x7f]*", "should be a path in the project")]
_IN_COMPETITION = "should be a file in the competition's folder, as sample_submission.csv"
CompetitionFile = Annotated[str, matching(rf"{_NO_WAY_UP}(?!/).*", _IN_COMPETITION, printable=True)]
MountedFile = Annotated[
    str, matching(rf"{_NO_WAY_UP}[^/]+/.+", 'should be a file in an attached source, as "its-slug/train.csv"')
]
FileName = Annotated[
    str, matching(r"(?!\.*\Z)[^/]+", "should be a bare file name, such as submission.csv", printable=True)
]
Package = Annotated[
    str,
    matching(
        rf"{_NAME}(\.{_NAME})*", 'should be the name a package is imported by, as "toolz" or "kernelwright.runtime"'
    ),
]
Slug = Annotated[
    str, matching(r"([A-Za-z0-9-]{6,50})?", "should be a bare slug of 6 to 50 letters, digits and hyphens")
]
KernelName = Annotated[  # part of the names of folders in build/
    str, matching(r"[A-Za-z0-9][A-Za-z0-9_-]*", "should be a name of letters, digits, hyphens and underscores")
]
Code = Annotated[str, AfterValidator(_code)]


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """The fingerprint of the public version of a file. Every given value must match."""

    __pydantic_config__ = _FORBID

    rows: Annotated[int, Field(ge=0)] | None = None
    bytes: Annotated[int, Field(ge=0)] | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What the commit phase computes: the number of smoke queries."""

    __pydantic_config__ = _FORBID

    smoke: Annotated[int, Field(ge=0)] = 4


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What to expect in the hidden rerun: the time limit in hours, and how many items each stage will process."""

    __pydantic_config__ = _FORBID

    limit_hours: Annotated[float, Field(gt=0)] = 12
    counts: dict[str, Annotated[int, Field(ge=0)]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check:
    """Suppressed findings of ``kernelwright check``: codes, or prefixes of codes."""

    __pydantic_config__ = _FORBID

    ignore: tuple[Code, ...] = ()
    per_file_ignores: Annotated[dict[str, tuple[Code, ...]], Field(alias="per-file-ignores")] = field(
        default_factory=dict
    )


@dataclass(frozen=True, kw_only=True)
class KernelConfiguration:
    """The keys of one kernel in ``[tool.kernelwright]``. docs/configuration.md explains them."""

    __pydantic_config__ = _FORBID

    driver: PathInside
    sources: tuple[PathInside, ...] = ()
    exclude: tuple[str, ...] = ()
    hide_input: tuple[str, ...] = ()
    kind: Literal["rerun", "once", "output"] | None = None
    vendor: tuple[Package, ...] = (RUNTIME,)
    carrier: Literal["cells", "dataset"] = "cells"
    sources_dataset: Slug = ""
    submission: Annotated[tuple[FileName, ...], BeforeValidator(_as_tuple), Field(min_length=1)] = ("submission.csv",)
    sample: CompetitionFile = "sample_submission.csv"
    wheels: OptionalPath = ""
    wheels_dataset: Slug = ""
    allow_sdist: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    score: Hook = ""
    gallery: Hook = ""
    public: dict[MountedFile, Fingerprint] = field(default_factory=dict)
    commit: Commit = field(default_factory=Commit)
    forecast: Forecast = field(default_factory=Forecast)
    check: Check = field(default_factory=Check)
    metadata: PathInside = "kernel-metadata.json"


@dataclass(frozen=True, kw_only=True)
class Configuration(KernelConfiguration):
    """All of ``[tool.kernelwright]``: the keys of the first kernel, and the further kernels."""

    kernels: dict[KernelName, KernelConfiguration] = field(default_factory=dict)
