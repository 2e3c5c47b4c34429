"""The stages in the log of a run on Kaggle: one JSON line near its end, as ``stages.log()`` writes it."""

import json
from contextlib import suppress
from pathlib import Path

from kernelwright.errors import NoForecast
from kernelwright.rehearsal.forecast.forecast import NO_STAGES, Stages, timed


def stages(file: Path) -> Stages:
    """Return name, count and seconds of each stage; raises `NoForecast` where the log has no line of them.

    The last such line counts. The log is plain text, or the JSON array of ``{"stream_name", "time", "data"}`` that
    Kaggle's client saves.
    """
    if not file.is_file():
        raise NoForecast(f"{file}: no such file")
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as error:
        raise NoForecast(f"{file}: cannot be read: {error.strerror}") from error
    if text.lstrip().startswith("["):
        try:
            entries = json.loads(text)
        except NO_STAGES:  # cut off, so that the line near its end is not there
            entries = []
        text = "".join(str(entry.get("data", "")) for entry in entries if isinstance(entry, dict))
    listed: list[Stages] = []
    for line in text.splitlines():
        _, mark, rest = line.partition('{"kernelwright"')
        with suppress(*NO_STAGES):
            listed += [timed(json.JSONDecoder().raw_decode(mark + rest)[0]["kernelwright"]["stages"], 0).stages]
    if not listed:
        raise NoForecast(
            f'{file}: no line {{"kernelwright": {{"stages": [...]}}}}; the kernel writes it with `stages.log()`, '
            "at the end of its driver"
        )
    return listed[-1]
