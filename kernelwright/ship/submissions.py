"""A kernel version handed in, and its score waited for."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernelwright.errors import ClientFailed
from kernelwright.project.model import Project
from kernelwright.ship import push_log
from kernelwright.ship.client import Client, json_of
from kernelwright.ship.push_log import Push

_DONE = re.compile(r"\bsuccess", re.IGNORECASE)
_LOOKS = 6
"""How often a submission is looked for whose answer was cut off: Kaggle may not list it at once."""
_BETWEEN = 10  # seconds, at most


@dataclass(frozen=True, kw_only=True)
class Score:
    """What became of a submission; an empty score beside COMPLETE is a rerun that failed."""

    word: str
    public: str = ""
    private: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether Kaggle is still at it."""
        return self.word == "PENDING"

    @property
    def errored(self) -> bool:
        """Whether the rerun failed; Kaggle marks some of these as complete, without a score."""
        return self.word == "ERROR" or (self.word == "COMPLETE" and not (self.public or self.private))


def competition(project: Project) -> str:
    """Return the competition the kernel is for; raises `ClientFailed` unless it attaches exactly one."""
    attached = project.metadata.competition_sources
    if len(attached) != 1:
        told = ", ".join(attached) or "none"
        raise ClientFailed(f"{project.configuration.metadata}: competition_sources: {told}; a submission needs one")
    return attached[0]


def remaining(client: Client, name: str) -> int:
    """Return how many submissions the day still allows; the client leaves a count of zero out."""
    told = json.loads(json_of(client.call("competitions", "submission-limits", name, "--json")))
    if not isinstance(told, dict):
        raise ClientFailed("kaggle competitions submission-limits: not understood; try again later")
    return int(told.get("numAllowedNow", 0))


def message(push: Push) -> str:
    """Return the text a submission is known by: version, commit, notebook."""
    commit = f" commit {push.commit[:12]}{'+' if push.changed else ''}" if push.commit else ""
    return f"kernelwright v{push.version}{commit} notebook {push.notebook[:12]}"


def submit(project: Project, client: Client, push: Push) -> None:
    """Hand a version in; that it begins is noted, so that one that is cut off is looked for."""
    push_log.intend(project.root, message(push), {"version": push.version})
    what = ("-k", push.kernel, "-v", str(push.version), "-f", project.configuration.submission[0], "-m", message(push))
    with push_log.unless_refused(project.root, message(push)):
        answer = client.call("competitions", "submit", competition(project), *what, "-q")
    if not _DONE.search(answer):
        said = next(iter(answer.strip().splitlines()[-1:]), "nothing")
        raise ClientFailed(f"kaggle competitions submit: Kaggle confirmed nothing; the client said: {said}")


def record(project: Project, push: Push) -> None:
    """Record that a version was handed in, once; also after a submission whose answer was cut off."""
    if not _is_recorded(project, push):
        entry = {"kernel": push.kernel, "version": push.version, "competition": competition(project)}
        push_log.add(project.root, "submitted", {**entry, "message": message(push), "at": push_log.now()})
    push_log.settle(project.root, message(push))


def was_made(project: Project, client: Client, push: Push) -> bool:
    """Tell whether a version was handed in: by the record, else by Kaggle's list, which may lag behind."""
    if _is_recorded(project, push):
        return True
    for look in range(_LOOKS if push_log.intended(project.root, message(push)) else 1):
        time.sleep(min(client.pace.poll, _BETWEEN) * bool(look))
        if score(client, competition(project), message(push)):
            return True
    return False


def _is_recorded(project: Project, push: Push) -> bool:
    told = message(push)
    return any(one.get("event") == "submitted" and one.get("message") == told for one in push_log.events(project.root))


def last(client: Client, name: str, told: str) -> int:
    """Return Kaggle's number of the latest submission with this message, 0 where there is none."""
    return max(map(_number, _listed(client, name, told)), default=0)


def score(client: Client, name: str, told: str, after: int = 0) -> Score | None:
    """Return what became of the latest submission with this message, None where there is none ``after`` a number."""
    mine = [one for one in _listed(client, name, told) if _number(one) > after]
    if not mine:
        return None
    newest = max(mine, key=_number)
    word = str(newest.get("status", "")).rpartition(".")[2].upper()
    public, private = (str(newest.get(key) or "") for key in ("publicScore", "privateScore"))
    return Score(word=word, public=public, private=private)


def _listed(client: Client, name: str, told: str) -> list[Mapping[str, Any]]:
    answer = client.call("competitions", "submissions", name, "--format", "json", "--page-size", "100")
    return [one for one in json.loads(json_of(answer)) or [] if one.get("description") == told]


def _number(submission: Mapping[str, Any]) -> int:
    return int(submission.get("ref") or 0)


def wait(client: Client, name: str, told: str, tell: Callable[[str], None], after: int = 0) -> Score:
    """Wait until the submission ``after`` a number is scored or has failed; a look that fails is taken again."""
    deadline = time.monotonic() + client.pace.run
    shown = ""
    while True:
        try:
            now = score(client, name, told, after)
        except ClientFailed as error:
            now = Score(word="PENDING")
            tell(f"{name}: {error}; asking again")
        if now and not now.is_pending:
            return now
        if time.monotonic() > deadline:
            raise ClientFailed(f"{name}: no score after {client.pace.run:g} s; look again with `kernelwright submit`")
        word = "not listed yet" if now is None else "pending"
        if word != shown:
            tell(f"{name}: {word}")
            shown = word
        time.sleep(client.pace.poll)
