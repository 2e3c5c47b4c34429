"""Commands of the shell: which of them get something from the network."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

_SEPARATOR = re.compile(r"[;&|()]+")
_PIP = re.compile(r"pip[\d.]*(\.exe)?")
LOCAL = re.compile(
    r"file:.*|(\w+://)?(localhost|127(\.\d+){3}|0\.0\.0\.0|\[?::1\]?)([:/].*)?", re.IGNORECASE | re.DOTALL
)
"""An address of this machine."""
_BEFORE = re.compile(
    r"sudo|time|nohup|exec|command|env|then|do|else|if|while|until|timeout|nice|xargs|run|system|sx|capture|[{}]|\w+=.*|"
)
_QUIET = re.compile(r"echo|printf|cat|e?grep|head|tail|ls|which|type|cp|mv|rm|mkdir|touch|sed|awk|man")
_SHELLS = re.compile(r"(ba|z|da)?sh")
_FETCHING = re.compile(
    r"wget|curl|gdown|huggingface-cli|hf|kaggle|aria2c|axel|scp|s?ftp|ssh|gsutil|gcloud|aws|azcopy|rclone"
)
_INSTALLERS = re.compile(r"apt|apt-get|aptitude|conda|(micro)?mamba|npm|yarn|cargo|gem|go|dnf|yum|apk|brew")
_GETTING = {"install", "update", "upgrade", "add", "create", "get"}
_GIT = {"clone", "pull", "fetch", "push", "lfs", "submodule"}
_WANDB = {"login", "sync", "pull", "artifact"}
_VERBS = frozenset(
    ("install", "download", "wheel", "uninstall", "list", "show", "freeze", "check", "config", "cache", "index", "hash")
)
_MODULES = {"nltk.downloader": "", "spacy": "download", "gdown": "", "wget": ""}
_WHEELS = re.compile(r"(?!\w+://).*(\.whl|/\*)|\{[^}]*\}|\$\{?\w+\}?")  # what only the run knows may be a wheel
_FOLDER = re.compile(r"((/|\.{1,2}/|~/)[^$]*|\.{1,2})(?<!\.txt)")
_GIVING = re.compile(r"\$\(\s*(?:ls|find|echo)\s+([^()|;&]*)\)|`(?:ls|find|echo)\s+([^`|;&]*)`")
_LOOP = re.compile(r"\bfor\s+(\w+)\s+in\s+([^;]*?)\s*;\s*do\b")
_PIPED = re.compile(r"\b(?:ls|find)\s+([^|;&]*)\|\s*(xargs\b[^|;&]*)")
_EXPORTED = re.compile(r"\bexport\s+(?:PIP_NO_INDEX|UV_OFFLINE)=[\"']?(?:1|true|yes|on)\b", re.IGNORECASE)
PIP = "pip install without --no-index"


def fetches(line: str) -> str:
    """Return what in a line of commands gets something from the network, empty where nothing does."""
    return next((what for command in _commands(line) if (what := _judged(command))), "")


def keeps_pip_here(text: str) -> bool:
    """Tell whether commands set, for those that follow, what keeps pip from looking anywhere but here."""
    return bool(_EXPORTED.search(text))


def _plain(text: str) -> str:
    """Write out what a line gives to a command: the paths of ``$(ls …)``, of a loop and before ``| xargs``."""
    text = _GIVING.sub(lambda found: _paths(found[1] or found[2] or ""), text)
    text = _PIPED.sub(lambda found: f"{found[2]} {_paths(found[1])}", text)
    for variable, words in _LOOP.findall(text):
        text = re.sub(rf"[\"']?\$\{{?{variable}\b\}}?[\"']?", words.replace("\\", "/"), text)
    return text


def _paths(words: str) -> str:
    """Return what is listed, without options and what is asked of it."""
    named = [word.strip("\"'") for word in words.split()]
    wheels = [word for word in named if word.endswith(".whl")]
    return " ".join(wheels or [word for word in named if word.startswith(("/", ".", "~"))])


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command; a comment, and the marks of IPython, left out."""
    for line in _plain(text.replace("\\\n", " ")).split("\n"):
        command: list[str] = []
        for word in (raw.lstrip("!%") for raw in _words(line)):
            if word.startswith("#"):
                break
            if _SEPARATOR.fullmatch(word):
                yield command
                command = []
            else:
                command.append(word)
        yield command


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:  # a quotation mark is left open
        return line.split()


def _judged(words: Sequence[str]) -> str:
    program, *rest = _program(words) or [""]
    name = PurePosixPath(program).name
    if _QUIET.fullmatch(name) or (rest and all(word in {"--help", "--version", "-V", "-h"} for word in rest)):
        return ""
    if _SHELLS.fullmatch(name) and (given := _given_shell(rest)):
        return fetches(given)
    return _pips(words) or _module(rest) or _other(name, rest)


def _given_shell(words: Sequence[str]) -> str:
    """Return the commands of ``bash -c``."""
    return next((after for option, after in pairwise(words) if re.fullmatch(r"-\w*c", option)), "")


def _program(words: Sequence[str]) -> Sequence[str]:
    """Leave out what only leads to a command: ``sudo``, ``NAME=value``, ``timeout 60``."""
    for index, word in enumerate(words):
        if not _BEFORE.fullmatch(word) and not (index and (word.startswith("-") or word[:1].isdigit())):
            return words[index:]
    return []


def _pips(words: Sequence[str]) -> str:
    """Judge pip wherever it stands: ``python -m pip``, ``xargs pip``, options before ``install``."""
    at = next((i for i, word in enumerate(words) if _PIP.fullmatch(PurePosixPath(word).name)), None)
    if "uv" in words or at is None:
        return _uv(words)
    rest = words[at + 1 :]
    installs = next((word for word in rest if word in _VERBS), "") in {"install", "download", "wheel"}
    offline = "--no-index" in rest or any(word.startswith("PIP_NO_INDEX=") for word in words)
    return PIP if installs and not offline and not _is_alone(rest) else ""


def _uv(words: Sequence[str]) -> str:
    found = "uv" in words and {"add", "sync", "install"}.intersection(words)
    return PIP if found and not {"--offline", "--no-index"}.intersection(words) and not _is_alone(words[2:]) else ""


def _is_alone(words: Sequence[str]) -> bool:
    """Tell whether pip is given wheels or folders by their paths, and told to look for nothing they require."""
    operands = [word for word in words if not word.startswith("-") and word != "install"]
    carried = [_WHEELS, _FOLDER] if "--no-build-isolation" in words else [_WHEELS]
    here = all(any(pattern.fullmatch(operand) for pattern in carried) for operand in operands)
    return "--no-deps" in words and bool(operands) and here


def _module(words: Sequence[str]) -> str:
    """Judge ``python -m module``."""
    at = words.index("-m") + 1 if "-m" in words else len(words)
    for module, verb in _MODULES.items():
        if words[at : at + 1] == [module] and (not verb or verb in words[at + 1 :]):
            return module
    return ""


def _other(name: str, rest: Sequence[str]) -> str:
    verbs = {word for word in rest if not word.startswith("-")}
    if name == "git":
        return name if verbs & _GIT and not _stays(rest[-1]) else ""
    if name == "wandb":
        return name if verbs & _WANDB and "--offline" not in rest else ""
    if _INSTALLERS.fullmatch(name):
        return name if verbs & _GETTING and "--offline" not in rest else ""
    return name if _FETCHING.fullmatch(name) and not any(map(LOCAL.fullmatch, rest)) else ""


def _stays(address: str) -> bool:
    return address.startswith(("/", ".", "~")) or bool(LOCAL.fullmatch(address))
