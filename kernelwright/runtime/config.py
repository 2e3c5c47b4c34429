"""What the project says about its notebook: ``kernelwright.json``, in the root of the carried tree."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CARRIED = Path(__file__).parents[2] / "kernelwright.json"


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings the runtime needs; the defaults hold where a kernel runs in place, as a plain script."""

    kernel: str = ""
    """The kernel's slug, by which a pull knows its notebook."""
    competitions: tuple[str, ...] = ()
    """The slugs of the attached competitions."""
    submission: str = "submission.csv"
    """The name of the submission in the working folder."""
    sample: str = "sample_submission.csv"
    """The name of the sample submission in the competition's folder."""
    public: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    """How the public data is recognised: ``slug/file`` to its rows, bytes or sha256."""
    smoke: int = 4
    """How many queries a commit really runs; 0 means that the sample is only copied."""
    limit_hours: float = 12
    """How long Kaggle lets the notebook run."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The carried files: path in the tree to sha256."""
    driver: Mapping[str, Any] = field(default_factory=dict)
    """Where the driver's cells find themselves: its file, and the folder of the tree its modules are named from."""
    imports: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Module name to the modules it imports; each module after those it imports."""
    wheels: Mapping[str, str] = field(default_factory=dict)
    """The wheels to install: file name to sha256."""
    wheels_dataset: str = ""
    """The slug of the dataset that holds the wheels."""


@functools.cache
def load(path: Path = CARRIED) -> Config:
    """Read the settings once; without the file, the defaults."""
    if not path.is_file():
        return Config()
    settings = json.loads(path.read_text("utf-8"))
    settings["competitions"] = tuple(settings.get("competitions", ()))
    return Config(**settings)
