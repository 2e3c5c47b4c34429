"""The stages in the log of a run on Kaggle: one JSON line near its end, as ``stages.log()`` writes it."""

import json
from pathlib import Path

from kernelwright.errors import NoForecast
from kernelwright.rehearsal.forecast.forecast import NO_STAGES, Stages, timed


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
    """Join the data of Kaggle's entries."""
    if not text.lstrip().startswith("["):
        return text
    try:
        entries = json.loads(text)
    except NO_STAGES:  # cut off, so that the line near its end is not there
        return ""
    return "".join(str(entry.get("data", "")) for entry in entries if isinstance(entry, dict))


def _stages_in(line: str) -> Stages | None:
    start = line.find('{"kernelwright"')
    if start < 0:
        return None
    try:
        entry, _ = json.JSONDecoder().raw_decode(line[start:])
        return timed(entry["kernelwright"]["stages"], 0).stages
    except NO_STAGES:
        return None
