"""What Kaggle answered, as its client shows it when it is told to be verbose.

Of an error that comes with status 200 the client makes an empty success: a run that is queued, a log without lines, a
list without files. So the answers themselves are looked at.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHOWING = {"VERBOSE": "1", "PYTHONIOENCODING": "utf-8:replace"}
"""Variables that make the client show requests and answers, whatever they hold."""
_BLOCK = re.compile(r"^-{10,}(Request|Response)-{10,}\n(.*?)\n-{50}(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_LOGGED = re.compile(r"^(?:DEBUG|INFO|WARNING):[\w.]+:.*(?:\n|\Z)", re.MULTILINE)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
_DONE = re.compile(r"success", re.IGNORECASE)
_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of Kaggle's.

    Attributes
    ----------
    status : int
        Of HTTP.
    body : str
        Its text.
    """

    status: int
    body: str

    @property
    def told(self) -> Mapping[str, Any]:
        """What it says, empty where that is no object of JSON."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    @property
    def code(self) -> int:
        """The status of the answer, or of the error in its body."""
        return max(self.status, _code(self.told))

    @property
    def problem(self) -> str:
        """Why an answer of status 200 is no success, empty if it is one."""
        if self.status >= 400 or not self.body:
            return ""
        return _error(self.told) if self.told or self.body == "{}" else self.nonsense

    @property
    def nonsense(self) -> str:
        """What to say of an answer that nobody can make anything of."""
        said = _plain(self.body) or "nothing"
        answered = f"Kaggle answered with status {self.status}"
        return f"{answered}: {said}" if self.status >= 400 else f"Kaggle's answer makes no sense: {said}"


def _inner(told: Mapping[str, Any]) -> Mapping[str, Any]:
    error = told.get("error")
    return error if isinstance(error, dict) else {}


def _code(told: Mapping[str, Any]) -> int:
    code = str(_inner(told).get("code", told.get("code", "")))
    return int(code) if code.isdecimal() and code.isascii() else 0


def _error(told: Mapping[str, Any]) -> str:
    error, code, only = told.get("error"), _code(told), told.keys() == {"message"}
    if not (error or code >= 400 or only) or (only and _DONE.match(str(told["message"]))):
        return ""
    said = _inner(told).get("message") or told.get("message") or (error if isinstance(error, str) else "")
    return _plain(str(said)) if said else f"Kaggle answers with an error{f' {code}' if code else ''} and no reason"


def _plain(text: str) -> str:
    """Return a text on one line, without the tags of a web page, cut where it is long."""
    told = " ".join(_TAG.sub(" ", text).split())
    return f"{told[:_SHOWN]}…" if len(told) > _SHOWN else told


def cut_out(stdout: str) -> tuple[str, list[Answer]]:
    """Part what the client printed into its own words and the answers it showed."""
    return _BLOCK.sub("", stdout), list(_answers(stdout))


def _answers(stdout: str) -> Iterator[Answer]:
    for block in _BLOCK.finditer(stdout):
        head, _, body = block[2].partition("\n\n")
        status = head.partition("\n")[0]
        if block[1] == "Response" and status.isdecimal():
            yield Answer(status=int(status), body=body.strip())


def without_log(stderr: str) -> str:
    """Take out what the client and its libraries log where they are verbose."""
    return _LOGGED.sub("", stderr)
