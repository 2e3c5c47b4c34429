"""``manifest.json``: how the embeddings of an index were made, and the size and digest of each shard."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from landmarks.errors import WrongIndex
from landmarks.index.recipe import Recipe

FORMAT = 1
NAME = "manifest.json"
ATTACH_AGAIN = "attach a whole index, as `python -m landmarks.index build` leaves it"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What determines every byte of an index.

    Attributes
    ----------
    recipe : Recipe
        What an embedding depends on.
    photos : str
        sha256 of the ids and labels of all images.
    batch, rows : int
        Images that go through a model together, which decides how sums are rounded; images of a shard.
    """

    recipe: Recipe
    photos: str
    batch: int
    rows: int

    def values(self) -> dict[str, Any]:
        """Return all values by key, on one level."""
        return {**self.recipe, "photos": self.photos, "batch": self.batch, "rows": self.rows}


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Rows of a shard, and the sha256 of its two files. ``rows`` may be less than planned: unreadable images."""

    rows: int
    vectors: str
    photos: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A whole index; ``width`` is the length of an embedding."""

    plan: Plan
    width: int
    shards: tuple[Shard, ...]


def dumped(manifest: Manifest | Plan) -> bytes:
    """Return the content of a manifest's file, or of a plan's."""
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode() + b"\n"


def read(folder: Path) -> Manifest:
    """Read the manifest of an index.

    Raises
    ------
    WrongIndex
        If there is none, or it is of another format or damaged.
    """
    path = folder / NAME
    given = read_json(path)
    try:
        return _manifest(given)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WrongIndex(f"{path}: not the manifest of an index ({error!r}); {ATTACH_AGAIN}") from error


def read_json(path: Path) -> Mapping[str, Any]:
    """Read an object of this format.

    Raises
    ------
    WrongIndex
        If the file cannot be read, is not a JSON object, or is of another format.
    """
    try:
        given = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongIndex(f"{path}: cannot be read ({error}); {ATTACH_AGAIN}") from error
    stored = given.get("format") if isinstance(given, dict) else None
    if stored != FORMAT:
        raise WrongIndex(f"{path}: format {stored!r}, and {FORMAT} is read here; build the index anew")
    return dict(given)


def plan(given: Mapping[str, Any]) -> Plan:
    """Return the plan in a JSON object; one of another shape raises KeyError, TypeError or ValueError."""
    return Plan(
        recipe=dict(given["recipe"]),
        photos=_typed(given, "photos", str),
        batch=_typed(given, "batch", int),
        rows=_typed(given, "rows", int),
    )


def _manifest(given: Mapping[str, Any]) -> Manifest:
    shards = [
        Shard(
            rows=_typed(shard, "rows", int), vectors=_typed(shard, "vectors", str), photos=_typed(shard, "photos", str)
        )
        for shard in given["shards"]
    ]
    return Manifest(plan=plan(given["plan"]), width=_typed(given, "width", int), shards=tuple(shards))


def _typed(given: Mapping[str, Any], key: str, kind: type) -> Any:
    if type(given[key]) is not kind:
        raise TypeError(f"{key}: {given[key]!r} is not of type {kind.__name__}")
    return given[key]
