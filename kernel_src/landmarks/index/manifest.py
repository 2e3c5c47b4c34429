"""``manifest.json``: the inputs of an index, and the size and digest of each shard."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from landmarks.errors import WrongIndex
from landmarks.index.recipe import Recipe

FORMAT = 1
NAME = "manifest.json"
ATTACH_AGAIN = "attach a complete index, built by `python -m landmarks.index build`"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The inputs of an index, which determine every byte of it.

    Attributes
    ----------
    recipe : Recipe
        The settings that embeddings depend on.
    photos : str
        SHA-256 digest of the ids and labels of all images.
    batch : int
        Images per forward pass, because it influences rounding.
    rows : int
        Images per shard.
    """

    recipe: Recipe
    photos: str
    batch: int
    rows: int

    def values(self) -> dict[str, Any]:
        """Return all values as a flat dictionary."""
        return {**self.recipe, "photos": self.photos, "batch": self.batch, "rows": self.rows}


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Metadata of a shard.

    Attributes
    ----------
    rows : int
        Number of embeddings. It is lower than planned if images were unreadable.
    vectors, photos : str
        SHA-256 digests of the files with the embeddings, and with ids and labels.
    """

    rows: int
    vectors: str
    photos: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The manifest of an index. ``width`` is the length of an embedding."""

    plan: Plan
    width: int
    shards: tuple[Shard, ...]


def dump(manifest: Manifest | Plan) -> bytes:
    """Serialise a manifest or a plan as JSON."""
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode() + b"\n"


def read(folder: Path) -> Manifest:
    """Read the manifest of an index.

    Raises
    ------
    WrongIndex
        If the manifest is missing, damaged, or of another format version.
    """
    path = folder / NAME
    content = read_json(path)
    try:
        return _manifest(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WrongIndex(f"{path}: not the manifest of an index ({error!r}); {ATTACH_AGAIN}") from error


def read_json(path: Path) -> Mapping[str, Any]:
    """Read a JSON object of this format version.

    Raises
    ------
    WrongIndex
        If the file cannot be read, is not a JSON object, or is of another format version.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongIndex(f"{path}: cannot be read ({error}); {ATTACH_AGAIN}") from error
    stored = content.get("format") if isinstance(content, dict) else None
    if stored != FORMAT:
        raise WrongIndex(f"{path}: format {stored!r}, expected {FORMAT}; build the index again")
    return dict(content)


def parse_plan(content: Mapping[str, Any]) -> Plan:
    """Parse a plan. Raises KeyError, TypeError or ValueError if the object is invalid."""
    return Plan(
        recipe=dict(content["recipe"]),
        photos=_typed(content, "photos", str),
        batch=_typed(content, "batch", int),
        rows=_typed(content, "rows", int),
    )


def _manifest(content: Mapping[str, Any]) -> Manifest:
    shards = [
        Shard(
            rows=_typed(shard, "rows", int), vectors=_typed(shard, "vectors", str), photos=_typed(shard, "photos", str)
        )
        for shard in content["shards"]
    ]
    return Manifest(plan=parse_plan(content["plan"]), width=_typed(content, "width", int), shards=tuple(shards))


def _typed(content: Mapping[str, Any], key: str, kind: type) -> Any:
    if type(content[key]) is not kind:
        raise TypeError(f"{key}: {content[key]!r} is not of type {kind.__name__}")
    return content[key]
