"""Read kernel-metadata.json and dataset-metadata.json, and check them by Kaggle's rules."""

import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project import parsing
from kernelwright.project.parsing import matching
from kernelwright.project.refs import SourceRef
from kernelwright.support import json_text

PLACEHOLDER_OWNER = "OWNER"
OWNED_SOURCES = ("dataset_sources", "kernel_sources", "model_sources")
SOURCES = ("competition_sources", *OWNED_SOURCES)
"""The keys that list the attached sources."""
DATASET_FILE = "dataset-metadata.json"
"""The file in a dataset's folder that Kaggle reads during the upload and does not mount."""
_LONGEST_NAME = 200  # bytes; leaves room for the longer name of the temporary file that is written first
_VERSION = "[1-9][0-9]{0,8}"
_FIXES = {
    "id": 'write "owner/slug", such as "alice/my-kernel"',
    "title": "write 5 to 50 characters, those of the slug in id",
    "code_file": "name a file that ends in .ipynb",
    "language": 'write "python"',
    "kernel_type": 'write "notebook"',
    "machine_shape": 'write a name such as "NvidiaTeslaT4", or leave it out',
    "competition_sources": "take the last part of the competition's address",
    "dataset_sources": 'take the end of the dataset\'s address, such as "alice/my-data"',
    "kernel_sources": 'take the end of the notebook\'s address, such as "alice/my-kernel"',
    "model_sources": 'write it with its version, such as "google/delg/tensorFlow2/base/1"',
    "id_no": "leave it out: id says enough",
    "keywords": "write a list of words, or leave it out",
    "docker_image": "copy it from the notebook's page, or leave it out",
    "docker_image_pinning_type": 'write "original" or "latest", or leave it out',
}


def _flag(value: object) -> object:
    # Kaggle's client accepts the strings "true" and "false" too.
    flags: dict[str, bool] = {"true": True, "false": False}
    value = flags.get(value.lower(), value) if isinstance(value, str) else value
    if not isinstance(value, bool):
        raise ValueError("should be true or false")  # noqa: TRY004 - pydantic reports a ValueError as a misfit
    return value


def _notebook_file(value: str) -> str:
    if not value.endswith(".ipynb"):
        raise ValueError("should end in .ipynb")
    if not value.isprintable() or len(value.rpartition("/")[2].encode()) > _LONGEST_NAME:
        raise ValueError(f"should be a path whose name has at most {_LONGEST_NAME} bytes")
    return value


_SLUG = "[A-Za-z0-9-]"
_PINNED = f"(/{_VERSION})?"
KernelId = Annotated[
    str,
    matching(rf"[^/\s]+/{_SLUG}{{5,}}", "should be owner/slug, the slug of 5 or more letters, digits and hyphens"),
]
DatasetId = Annotated[
    str,
    matching(rf"[^/\s]+/{_SLUG}{{6,50}}", "should be owner/slug, the slug of 6 to 50 letters, digits and hyphens"),
]
DatasetSource = Annotated[str, matching(rf"[^/\s]+/{_SLUG}+{_PINNED}", "should be owner/slug or owner/slug/version")]
KernelSource = Annotated[
    str,
    matching(
        rf"[^/\s]+/{_SLUG}{{5,}}{_PINNED}",
        "should be owner/slug or owner/slug/version, the slug of 5 or more characters",
    ),
]
ModelSource = Annotated[
    str, matching(rf"([^/\s]+/){{4}}{_VERSION}", "should be owner/model/framework/variation/version")
]
CompetitionSource = Annotated[str, matching(f"{_SLUG}+", "should be a bare slug, as in the competition's address")]
DockerImage = Annotated[
    str,
    matching(
        r"gcr\.io/kaggle-[a-z-]+/[\w/-]+(@sha256:[0-9a-f]{64}|:[\w.-]+)?",
        "should be an image of Kaggle's, such as gcr.io/kaggle-images/python@sha256:…",
    ),
]
Flag = Annotated[bool, BeforeValidator(_flag)]


@dataclass(frozen=True, kw_only=True)
class KernelMetadata:
    """The content of kernel-metadata.json. Unknown keys are ignored, because Kaggle may add some."""

    __pydantic_config__ = ConfigDict(extra="ignore")

    id: KernelId
    title: Annotated[str, Field(min_length=5, max_length=50)]
    code_file: Annotated[str, AfterValidator(_notebook_file)]
    language: Literal["python"] = "python"
    kernel_type: Literal["notebook"] = "notebook"
    is_private: Flag = True
    enable_gpu: Flag = False
    enable_tpu: Flag = False
    enable_internet: Flag = True
    machine_shape: str = ""
    competition_sources: tuple[CompetitionSource, ...] = ()
    dataset_sources: tuple[DatasetSource, ...] = ()
    kernel_sources: tuple[KernelSource, ...] = ()
    model_sources: tuple[ModelSource, ...] = ()
    id_no: Annotated[int, Field(ge=1)] | None = None
    keywords: tuple[str, ...] = ()
    docker_image: DockerImage | None = None
    docker_image_pinning_type: Literal["original", "latest"] | None = None

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slug of each attached source, after which its mounted folder is named; competitions first."""
        owned = self.dataset_sources + self.kernel_sources + self.model_sources
        return self.competition_sources + tuple(SourceRef.parse(source).slug for source in owned)

    @property
    def owner(self) -> str:
        """The user name of the kernel's owner."""
        return SourceRef.parse(self.id).owner


def read_raw(root: Path, name: str) -> Mapping[str, Any]:
    """Read the JSON object in ``root/name`` without checking its values; raises `InvalidProject` if there is none."""
    missing = "make it with `kernelwright init`, or with `kaggle kernels init`"
    text = parsing.read_text(root / name, code="KW011", label=name, missing=missing)
    try:
        raw = json_text.parse(text)
        if isinstance(raw, dict):
            return raw
        message, fix = "not a JSON object", 'write { "id": … }'
    except ValueError as error:
        message, fix = f"not JSON: {error}", "correct it there"
        if text.startswith("\ufeff"):
            message = "starts with a byte order mark, which Kaggle's client does not take"
            fix = "save it as UTF-8 without one"
    raise InvalidProject([Problem(code="KW011", file=name, message=message, fix=fix)])


def read(root: Path, name: str) -> KernelMetadata:
    """Read and check the metadata of a kernel; raises `InvalidProject` with every problem."""
    return parsing.parse(KernelMetadata, read_raw(root, name), file=name, fixes=_FIXES)


def references(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield place and value of each string in a kernel's metadata that names an owner. The metadata may be invalid."""
    places = {"id": metadata.get("id")}
    for key in OWNED_SOURCES:
        sources = metadata.get(key)
        if isinstance(sources, list | tuple):
            places |= {f"{key}[{index}]": source for index, source in enumerate(sources)}
    yield from ((place, value) for place, value in places.items() if isinstance(value, str))


def fitting(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return only the valid values of a kernel's metadata, so that they can be checked further."""
    values = {}
    for key, adapter in _value_adapters().items():
        with suppress(ValidationError, KeyError):
            # As JSON, because strict validation accepts an array as a tuple only there.
            values[key] = adapter.validate_json(json.dumps(raw[key]), strict=True)
    return values


@functools.cache
def _value_adapters() -> dict[str, TypeAdapter[Any]]:
    hints = get_type_hints(KernelMetadata, include_extras=True)
    return {key: TypeAdapter(kind) for key, kind in hints.items()}


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One entry of ``licenses``."""

    name: str


@dataclass(frozen=True, kw_only=True)
class DatasetMetadata:
    """The content of dataset-metadata.json. It does not say whether the dataset is private; the upload decides that."""

    __pydantic_config__ = ConfigDict(extra="ignore")

    id: DatasetId
    title: Annotated[str, Field(min_length=6, max_length=50)]
    licenses: Annotated[tuple[Licence, ...], Field(min_length=1, max_length=1)]
    subtitle: Annotated[str, Field(min_length=20, max_length=80)] | None = None
    description: str = ""


def read_dataset(data: object, file: str) -> DatasetMetadata:
    """Check ``data``, the parsed JSON of ``file``; raises `InvalidProject` with every problem."""
    return parsing.parse(DatasetMetadata, data, file=file)
