"""The stages in the log of a run on Kaggle: one JSON line near its end, as ``stages.log()`` writes it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernelwright.errors import NoForecast
from kernelwright.rehearsal.forecast.forecast import Stages, timed

_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What json and numbers raise of text that was cut off, nested a thousand deep, or holds a number without an end."""


def stages(file: Path) -> Stages:
    """Return name, count and seconds of each stage; the last such line of the log counts.

    The log is plain text, or the JSON array of ``{"stream_name", "time", "data"}`` that Kaggle's client saves.

    Raises
    ------
    NoForecast
        The file cannot be read, or holds no such line.
    """
    if not file.is_file():
        raise NoForecast(f"{file}: no such file")
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as error:
        raise NoForecast(f"{file}: cannot be read: {error.strerror}") from error
    listed = [entry for line in _plain(text).splitlines() if (entry := _stages_in(line)) is not None]
    if not listed:
        raise NoForecast(
            f'{file}: no line {{"kernelwright": {{"stages": [...]}}}}; the kernel writes it with `stages.log()`, '
            "at the end of its driver"
        )
    return listed[-1]


def _plain(text: str) -> str:
    """Join the data of Kaggle's entries; a log cut off in the middle is read as far as it goes."""
    if not text.lstrip().startswith("["):
        return text
    try:
        entries = json.loads(text)
    except _UNREADABLE:
        entries = list(_entries(text))
    return "".join(str(entry.get("data", "")) for entry in entries if isinstance(entry, dict))


def _entries(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        try:
            yield json.loads(line.strip().lstrip("[,").rstrip(",]"))
        except _UNREADABLE:
            continue


def _stages_in(line: str) -> Stages | None:
    start = line.find('{"kernelwright"')
    if start < 0:
        return None
    try:
        entry, _ = json.JSONDecoder().raw_decode(line[start:])
        return timed(entry["kernelwright"]["stages"], 0).stages
    except _UNREADABLE:
        return None
