"""Find shell and pip commands in the code: IPython's shell lines and magics, and processes that Python starts."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from kernelwright.check.code.reachability import Call, Code
from kernelwright.check.code.severity import table
from kernelwright.check.code.values import UNKNOWN
from kernelwright.support.ipython_syntax import UNPARSABLE
from kernelwright.wheels import requirements

_IPYTHON = re.compile(r"get_ipython\(\)\.(system|getoutput|run_line_magic)")
_PYTHON = re.compile(r"os\.(system|popen)|subprocess\.(run|call|check_call|check_output|Popen|getoutput)")
_VARIABLE = re.compile(r"\{([^{}]*)\}|\$\{?(\w+)\}?")
_GIVEN = re.compile(r"\$\([^()]*\)|`[^`]*`")  # command substitution
# Words before the command itself: wrappers and keywords of the shell, assignments, options and numbers of wrappers.
_LEADING = re.compile(r"sudo|time|nohup|exec|env|then|do|else|if|while|timeout|nice|xargs|[{}!]|\w+=.*|-.*|\d.*|")
_SCRIPT = re.compile(r"python[\d.]*|(ba|z)?sh|run|papermill|" + UNKNOWN)
_LOCAL = re.compile(r"file:|(\w+://)?(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1\]?)([:/]|$)")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command: the call that runs it, and its words, with `UNKNOWN` for what only the run knows."""

    node: ast.Call
    words: Sequence[str]

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return PurePosixPath(self.words[0]).name

    @property
    def script(self) -> str:
        """The script that the command runs; empty if it runs none."""
        operand = next((word for word in self.words[1:] if not word.startswith("-")), "")
        return operand if _SCRIPT.fullmatch(self.program) and operand.endswith((".py", ".sh", ".ipynb")) else ""

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, kw_only=True)
class Install:
    """The arguments of ``pip install``.

    ``operands`` are requirements, wheels and folders. ``is_offline`` means that an option forbids asking an index.
    """

    operands: Sequence[str]
    is_offline: bool
    upgrades: bool

    def needs_index(self, distributions: Mapping[str, str]) -> bool:
        """Return whether pip asks an index: for a requirement that the image lacks or that is to be upgraded.

        Wheels and folders need no index.
        """
        return not self.is_offline and any(self._is_sought(operand, distributions) for operand in self.operands)

    def _is_sought(self, operand: str, distributions: Mapping[str, str]) -> bool:
        is_file = operand.endswith((".whl", ".tar.gz", ".zip", "*")) and "://" not in operand
        if UNKNOWN in operand or is_file or operand.startswith(("/", ".", "~")):
            return False
        try:
            requirement = requirements.parse(operand)
        except InvalidRequirement:
            return True
        version = distributions.get(canonicalize_name(requirement.name))
        # An empty version: the image has the distribution, but its version is not known.
        is_there = version is not None and (not version or requirement.specifier.contains(version, prereleases=True))
        return self.upgrades or bool(requirement.url) or not is_there


@lru_cache(maxsize=1)
def commands(code: Code) -> Sequence[Command]:
    """Return every command that the code may run."""
    listed = []
    for call in code.calls:
        for words in _split(_text(code, call)):
            while words and _LEADING.fullmatch(words[0]):
                del words[0]
            if words[1:2] == ["-c"] and words[0].endswith("sh"):  # `bash -c "COMMAND"`: look at the first COMMAND
                words[:] = next(_split(" ".join(words[2:3])), [])
            listed += [Command(node=call.node, words=words)] if words else []
    return listed


def _text(code: Code, call: Call) -> str:
    """Return the command line that a call runs; empty if the call runs none."""
    arguments = call.node.args
    if _PYTHON.fullmatch(call.name) and arguments:
        value = code.fold(arguments[0])
        words = value if isinstance(value, list) else []
        return shlex.join(map(str, words)) if words else code.text(arguments[0])
    if not _IPYTHON.fullmatch(call.name):
        return ""

    def written_out(match: re.Match[str]) -> str:
        try:
            expression = ast.parse(match[1] or match[2] or "", mode="eval").body
        except UNPARSABLE:
            return UNKNOWN
        # The expression is in no script, so the walk has not placed it; names in it are those of the call's unit.
        code.places.update((part, code.places[call.node]) for part in ast.walk(expression))
        return code.text(expression)

    return _VARIABLE.sub(written_out, " ".join(code.text(part) for part in arguments))


def _split(text: str) -> Iterator[list[str]]:
    """Split a text into commands and yield the words of each, without comments."""
    for line in _GIVEN.sub(UNKNOWN, text.replace("\\\n", " ")).split("\n"):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
        lexer.whitespace_split = True
        command: list[str] = []
        try:
            words = list(lexer)
        except ValueError:  # a quotation mark that is not closed
            words = line.split()
        for word in [*words, ";"]:
            if word.strip(";&|()"):
                command.append(word)
            elif command:
                yield command
                command = []


def install(command: Command) -> Install | None:
    """Parse a command of pip or uv that installs; return None for any other command."""
    words, options = [*command.words], table("downloads")["pip"]
    # pip may be the fourth word: `python -m uv pip`.
    at = next((i for i, word in enumerate(words[:4]) if re.fullmatch(r"pip[\d.]*", PurePosixPath(word).name)), None)
    if at is None or "install" not in words[at + 1 : at + 4]:
        return None
    rest, operands = words[words.index("install", at) + 1 :], []
    while rest:
        word = rest.pop(0)
        if word in options["taking"] and rest:
            operands += [value] if (value := rest.pop(0)) and word in options["installing"] else []
        elif not word.startswith("-"):
            operands.append(word)
    flags = {word.partition("=")[0] for word in words}
    is_offline, upgrades = not flags.isdisjoint(options["offline"]), not flags.isdisjoint(options["upgrading"])
    return Install(operands=operands, is_offline=is_offline, upgrades=upgrades)


def fetches(command: Command) -> bool:
    """Return whether a command other than pip needs the network."""
    programs, words = table("downloads")["shell"], command.words[1:]
    if command.program not in programs or not {"--offline", "--help", "--version"}.isdisjoint(words):
        return False
    is_clone_here = command.program == "git" and words and words[-1].startswith(("/", ".", "~"))
    verbs = programs[command.program]
    return not any(map(is_local, words)) and not is_clone_here and (not verbs or not set(verbs).isdisjoint(words))


def is_local(address: str) -> bool:
    """Return whether an address refers to this machine."""
    return bool(_LOCAL.match(address))
