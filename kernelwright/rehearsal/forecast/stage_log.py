"""Read the stages from the log of a run on Kaggle, where ``stages.log()`` writes them as one JSON line."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kernelwright.errors import NoForecast
from kernelwright.rehearsal.forecast.forecast import NO_STAGES, Stages, timed

_BETWEEN_ENTRIES = re.compile(r"[\s,]*")


def stages(file: Path) -> Stages:
    """Return the stages of the last such line in a log; raises `NoForecast` if there is none.

    The log is plain text, or the JSON array of ``{"stream_name", "time", "data"}`` that Kaggle's client saves.
    """
    if not file.is_file():
        raise NoForecast(f"{file}: no such file")
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as error:
        raise NoForecast(f"{file}: cannot be read: {error.strerror}") from error
    if text.lstrip().startswith("["):
        text = "".join(str(entry.get("data", "")) for entry in _entries(text) if isinstance(entry, dict))
    listed: list[Stages] = []
    for line in text.splitlines():
        _, mark, rest = line.partition('{"kernelwright"')  # other text may precede it on the line
        with suppress(*NO_STAGES):
            listed += [timed(json.JSONDecoder().raw_decode(mark + rest)[0]["kernelwright"]["stages"], 0).stages]
    if not listed:
        raise NoForecast(
            f'{file}: no line {{"kernelwright": {{"stages": [...]}}}}; the kernel writes it with `stages.log()`, '
            "at the end of its driver"
        )
    return listed[-1]


def _entries(array: str) -> Iterator[object]:
    """Yield the complete entries of a JSON array that may be cut off at its end, as after an interrupted download."""
    decoder, end = json.JSONDecoder(), array.index("[") + 1
    with suppress(*NO_STAGES):
        while match := _BETWEEN_ENTRIES.match(array, end):
            entry, end = decoder.raw_decode(array, match.end())
            yield entry
