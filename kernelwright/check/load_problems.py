"""What keeps a project's files from being read or built, as findings: each line gets a place and a fix of its own."""

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kernelwright.check.finding import Finding, Severity

_VALUES = {
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
}
_FIXES = {
    r"^required, and missing|^required beside": 'add "{key}"',
    r"^unknown key": "take it out, or correct its name",
    r"codec can't decode": "save it as UTF-8",
    r"cannot be read": "put a file there that can be read",
    r"should be a path": "name a file",
    r"maximum recursion": "nest it less deep",
    r"not JSON": "correct its JSON at that place",
    r"not TOML": "correct its TOML at that place",
    r"no kernel ": "name one of these with --kernel",
    r"no image ": "name one of these in images",
    r"not Python as it stands": "correct the syntax",
}
_MARK = "starts with a byte order mark, which its readers do not take"
_NO_FIX = ("there is: ", "not Python")
_PLAIN = "correct it there"


def told(root: Path, check: str, lines: Iterable[str]) -> Iterator[Finding]:
    """Cut problems, each a line of file, place, value and perhaps a fix, into their parts."""
    for line in lines:
        said, fix = _parted(line)
        file, colon, rest = said.partition(": ")
        if not colon or (" " in file and not (root / file).exists()):
            yield _found(check, check, said, fix or _fix("", said))
        else:
            yield _of_file(root, check, file, rest, fix)


def _of_file(root: Path, check: str, file: str, rest: str, fix: str) -> Finding:
    inside, colon, problem = rest.partition(": ")
    if inside.startswith("not ") and _has_mark(root / file):
        return _found(check, file, _MARK, "save it as UTF-8 without one")
    if colon and " " not in inside:
        return _found(check, f"{file}: {inside}", problem, fix or _fix(inside, problem))
    return _found(check, file, rest, fix or _fix("", rest))


def _parted(line: str) -> tuple[str, str]:
    """Part a problem from its fix; what only goes on telling the problem is none."""
    said, semicolon, fix = line.rpartition("; ")
    return (said, fix) if semicolon and not fix.startswith(_NO_FIX) else (line, "")


def _found(check: str, place: str, problem: str, fix: str) -> Finding:
    return Finding(check=check, severity=Severity.error, place=place, problem=problem, fix=fix)


def _has_mark(file: Path) -> bool:
    try:
        return file.read_bytes().startswith(codecs.BOM_UTF8)
    except OSError:
        return False


def _fix(key: str, problem: str) -> str:
    name = key.rpartition(".")[2].partition("[")[0]
    if problem.endswith("should be a list"):
        return f'write a list, such as [], or leave "{name}" out'
    if problem.endswith("should be true or false"):
        return "write true or false"
    known = (fix for pattern, fix in _FIXES.items() if re.search(pattern, problem))
    return _VALUES.get(name) or next(known, _PLAIN).format(key=name)
