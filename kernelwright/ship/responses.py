"""Read Kaggle's responses, which the client prints if it is verbose.

If Kaggle sends an error with status 200, the client reports an empty success: a run that is queued, a log without
lines, a list without files. So the responses themselves are judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kernelwright.support import json_text

VERBOSE = {"VERBOSE": "1", "PYTHONIOENCODING": "utf-8:replace"}
"""Environment variables that make the client print requests and responses, whatever characters they hold."""
_BLOCK = re.compile(r"^-{10,}(Request|Response)-{10,}\n(.*?)\n-{50}(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_LOGGED = re.compile(r"^(?:DEBUG|INFO|WARNING):[\w.]+:.*(?:\n|\Z)", re.MULTILINE)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
_HTTP_STATUS = re.compile(r"[0-9]{3}")
_SUCCESS = re.compile(r"success", re.IGNORECASE)
_LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class Response:
    """One response from Kaggle: its HTTP status and its body as text."""

    status: int
    body: str

    @cached_property
    def json(self) -> Mapping[str, Any]:
        """The JSON object in the body; empty if there is none."""
        return json_text.parse_object(self.body)

    @property
    def code(self) -> int:
        """The HTTP status of the response, or that of the error in its body if it is higher."""
        code = str(self._error.get("code", self.json.get("code", "")))
        return max(self.status, int(code) if _HTTP_STATUS.fullmatch(code) else 0)

    @property
    def problem(self) -> str:
        """Why a response with status 200 is an error; empty if it is none."""
        if self.status >= 400 or not self.body:  # the client reports errors that have an error status
            return ""
        if not self.json and self.body != "{}":
            return self.unreadable
        error, message = self.json.get("error"), self.json.get("message")
        # A response that holds nothing but a message is an error, unless the message reports success.
        is_message_alone = self.json.keys() == {"message"} and not _SUCCESS.match(str(message))
        if not (error or self.code >= 400 or is_message_alone):
            return ""
        reason = self._error.get("message") or message or (error if isinstance(error, str) else "")
        number = f" {self.code}" if self.code >= 400 else ""
        return _one_line(str(reason)) if reason else f"Kaggle answers with an error{number} and no reason"

    @property
    def _error(self) -> Mapping[str, Any]:
        error = self.json.get("error")
        return error if isinstance(error, dict) else {}

    @property
    def unreadable(self) -> str:
        """The message for a response that the client could not parse."""
        text = _one_line(self.body) or "nothing"
        if self.status >= 400:
            return f"Kaggle answered with status {self.status}: {text}"
        return f"Kaggle's answer makes no sense: {text}"


def _one_line(text: str) -> str:
    """Return a text on one line, without HTML tags and shortened to 80 characters."""
    words = " ".join(_TAG.sub(" ", text).split())
    return f"{words[:_LONGEST]}…" if len(words) > _LONGEST else words


def split(stdout: str) -> tuple[str, list[Response]]:
    """Split the client's output into its own text and the responses in it."""
    responses = []
    for block in _BLOCK.finditer(stdout):
        head, _, body = block[2].partition("\n\n")
        status = head.partition("\n")[0]
        if block[1] == "Response" and _HTTP_STATUS.fullmatch(status):
            responses.append(Response(status=int(status), body=body.strip()))
    return _BLOCK.sub("", stdout), responses


def without_log(stderr: str) -> str:
    """Return ``stderr`` without the lines that the client and its libraries log when they are verbose."""
    return _LOGGED.sub("", stderr)
