"""The input folder of a rehearsal, as the kernel may see it: what is attached, without the truth."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from kernelwright.errors import InvalidInput
from kernelwright.project.config import Fingerprint
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.project.model import Project

TRUTH = "truth.csv"


def stage(project: Project, source: Path, target: Path, *, linked: bool) -> list[str]:
    """Lay out the attached sources of ``source`` in ``target``, the truth left out; return the slugs not there.

    Files are hard links if ``linked`` (the sandbox then mounts them read-only) and the file system can, else copies.

    Raises
    ------
    InvalidInput
        ``source`` or a competition's folder in it is missing.
    """
    if not source.is_dir():
        raise InvalidInput(f"{source}: no such folder; name an input folder with --input, or run `make mini`")
    competitions = project.metadata.competition_sources
    if missing := [slug for slug in competitions if not (source / slug).is_dir()]:
        there = ", ".join(sorted(path.name for path in source.iterdir() if path.is_dir())) or "nothing"
        raise InvalidInput(f"{source}: no folder {', '.join(missing)} for the competition; there is: {there}")
    present = [slug for slug in project.metadata.slugs if (source / slug).is_dir()]
    target.mkdir(parents=True)
    for slug in present:
        hidden = source / slug / TRUTH if slug in competitions else None
        _copy_tree(source / slug, target / slug, hidden, _link if linked else shutil.copy2)
    return [slug for slug in project.metadata.slugs if slug not in present]


def put_dataset(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Stage a dataset as it was just made, whatever the input folder has under its name; Kaggle keeps the metadata."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in contents.keys() - {DATASET_FILE}:
        (folder / name).write_bytes(contents[name])


def _copy_tree(source: Path, target: Path, hidden: Path | None, copy: Callable[[str, str], object]) -> None:
    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name) == hidden]

    shutil.copytree(source, target, copy_function=copy, ignore=ignore)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def make_public(folder: Path, public: Mapping[str, Fingerprint]) -> None:
    """Make the staged ``folder`` look like the public data: rows like the last, under new ids, in each counted file.

    Raises
    ------
    InvalidInput
        A fingerprint that padding cannot meet.
    """
    for name, mark in public.items():
        if mark.bytes is not None or mark.sha256 is not None or mark.rows is None:
            raise InvalidInput(
                f"{name}: only `rows` can be imitated; put the public files into a folder named like the input "
                "folder with -public after it, or rehearse with --phase rerun"
            )
        _pad(folder / name, mark.rows)


def _pad(file: Path, rows: int) -> None:
    if not file.is_file():
        raise InvalidInput(f"{file}: no such file, but tool.kernelwright.public names it")
    lines = file.read_bytes().splitlines(keepends=True)
    if not 2 <= len(lines) <= rows + 1:
        raise InvalidInput(f"{file}: {len(lines) - 1} rows cannot be padded to the public {rows}")
    key, comma, rest = lines[-1].rstrip(b"\r\n").partition(b",")
    taken = {line.partition(b",")[0] for line in lines}
    file.unlink()  # it may be linked with the original, which must stay as it is
    with file.open("wb") as padded:
        padded.writelines([*lines[:-1], key, comma, rest, b"\n"])
        padded.writelines(name + comma + rest + b"\n" for name in _names(rows + 1 - len(lines), len(key), taken))


def _names(count: int, width: int, taken: set[bytes]) -> Iterator[bytes]:
    """Yield keys nobody has, in digits alone, as wide as the others: they pass for numbers and for hexadecimal."""
    free = (name for number in itertools.count() if (name := b"%0*d" % (width, number)) not in taken)
    return itertools.islice(free, count)
