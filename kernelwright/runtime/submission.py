"""The submission in the working folder: once one was written, a valid file is there at every moment."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from kernelwright.runtime import config, fingerprints, inputs, record, submission_rules
from kernelwright.runtime.errors import InputNotFound, InvalidSubmission


def write(rows: Iterable[Sequence[object]], *, header: Sequence[str], after: str = "") -> Path:
    """Replace the submission by these rows, if they are valid; the first column is the id.

    Invalid are: no rows, rows longer or shorter than the header, None, NaN and texts that pandas reads as NaN, empty
    and repeated ids, and, where the sample is mounted and can be read, another header, other ids, or no number where it
    has numbers. `InvalidSubmission` then names all problems, and the file on disk stays as it was. ``after`` names the
    step of the kernel that the rows come from, for the record.
    """
    path, table, sample = _path(), [tuple(row) for row in rows], _sample()
    expected = None
    try:
        expected = submission_rules.Sample.read(sample) if sample else None
    except OSError as error:  # where the disk fails, rows that are valid alone are better than none
        sys.stderr.write(f"{sample} cannot be read ({error.strerror}): the rows are not compared with it\n")
    if problems := submission_rules.problems(header, table, expected):
        listed = "".join(f"\n- {problem}" for problem in problems)
        raise InvalidSubmission(f"{path.name} is left as it was, the new rows are not valid:{listed}")
    lines = (",".join(map(_cell, row)) for row in (header, *table))
    return _replace(path, "".join(f"{line}\n" for line in lines).encode(), after=after, rows=len(table))


def copy_sample() -> Path:
    """Replace the submission by the competition's sample; `InputNotFound` where it is missing or cannot be read."""
    path, sample = _path(), _sample()
    if not sample:
        searched = ", ".join(config.load().competitions) or "any input"
        mounted = ", ".join(inputs.mounted()) or "nothing"
        raise InputNotFound(
            f"{config.load().sample} is not found in {searched}; mounted is {mounted}; "
            "attach the competition in kernel-metadata.json, or name the file as sample in pyproject.toml"
        )
    try:
        content, rows = sample.read_bytes(), fingerprints.rows(sample)
    except OSError as error:
        raise InputNotFound(f"{sample} cannot be read ({error.strerror}); attach the competition again") from error
    return _replace(path, content, after="sample", rows=rows)


def _path() -> Path:
    name = config.load().submission
    if not name.endswith(".csv"):
        raise InvalidSubmission(f"submission = {name!r}: only .csv can be written; name a .csv file in pyproject.toml")
    return Path.cwd() / name


def _sample() -> Path | None:
    """Return the sample of the competition; where none is configured, as in a plain script, of any input."""
    for slug in config.load().competitions or inputs.mounted():
        try:
            sample = inputs.find(slug) / config.load().sample
        except InputNotFound:
            continue
        if sample.is_file():
            return sample
    return None


def _cell(value: object) -> str:
    """Quote a cell where need be; before Python 3.13, the standard writer leaves a carriage return bare."""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _replace(path: Path, content: bytes, *, after: str, rows: int) -> Path:
    record.replace(path, content)
    if folder := record.folder():
        listing = folder / "submissions.json"
        written = json.loads(listing.read_bytes()) if listing.exists() else []
        entry = {"file": f"submission.{len(written)}.csv", "after": after, "rows": rows}
        record.replace(folder / str(entry["file"]), content)
        record.replace(listing, json.dumps([*written, entry], indent=1).encode() + b"\n")
    return path
