"""A kernel version submitted to its competition, and its score awaited."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kernelwright.errors import ClientFailed
from kernelwright.project.model import Project
from kernelwright.ship import push_log
from kernelwright.ship.client import Client
from kernelwright.ship.push_log import Push
from kernelwright.support.poll import poll

_CONFIRMED = re.compile(r"\bsuccess", re.IGNORECASE)
_ATTEMPTS = 6
"""How often to look for a submission whose answer was cut off: Kaggle may not list it at once."""
_BETWEEN = 10  # seconds, at most


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submission as Kaggle lists it: its number, one of Kaggle's words, and its scores, empty for none."""

    number: int
    word: str
    public: str = ""
    private: str = ""

    @property
    def failed(self) -> bool:
        """Whether the rerun failed; Kaggle marks some of these as complete, without a score."""
        return self.word == "ERROR" or (self.word == "COMPLETE" and not (self.public or self.private))


def competition(project: Project) -> str:
    """Return the competition the kernel is for; raises `ClientFailed` unless it attaches exactly one."""
    attached = project.metadata.competition_sources
    if len(attached) != 1:
        names = ", ".join(attached) or "none"
        raise ClientFailed(f"{project.configuration.metadata}: competition_sources: {names}; a submission needs one")
    return attached[0]


def remaining(client: Client, competition: str) -> int:
    """Return how many submissions the day still allows; the client leaves a count of zero out."""
    limits = client.call("competitions", "submission-limits", competition, "--json").json
    if not isinstance(limits, dict):
        raise ClientFailed("kaggle competitions submission-limits: not understood; try again later")
    return int(limits.get("numAllowedNow", 0))


def message(push: Push) -> str:
    """Return the text a submission is recognised by: version, commit, notebook."""
    commit = f" commit {push.commit[:12]}{'+' if push.changed else ''}" if push.commit else ""
    return f"kernelwright v{push.version}{commit} notebook {push.notebook[:12]}"


def submit(project: Project, client: Client, push: Push) -> None:
    """Submit a version; that it begins is noted, so that one that is cut off is looked for."""
    text, file = message(push), project.configuration.submission[0]
    what = ("-k", push.kernel, "-v", str(push.version), "-f", file, "-m", text)
    with push_log.step(project.root, text, {"version": push.version}):
        reply = client.call("competitions", "submit", competition(project), *what, "-q")
    if not _CONFIRMED.search(reply.printed):
        raise ClientFailed(f"kaggle competitions submit: Kaggle confirmed nothing; the client said: {reply.last_line}")


def record(project: Project, push: Push) -> None:
    """Record that a version was submitted, once; also after a submission whose answer was cut off."""
    text = message(push)
    if not push_log.is_recorded(project.root, "submitted", {"message": text}):
        fields = {"kernel": push.kernel, "version": push.version, "competition": competition(project)}
        push_log.append(project.root, "submitted", {**fields, "message": text, "at": push_log.now()})
    push_log.finish_step(project.root, text)


def was_submitted(project: Project, client: Client, push: Push) -> bool:
    """Return whether a version was submitted: by the record, else by Kaggle's list, which may lag behind."""
    text = message(push)
    if push_log.is_recorded(project.root, "submitted", {"message": text}):
        return True
    attempts = _ATTEMPTS if push_log.pending_step(project.root, text) else 1
    every = min(client.timeouts.poll, _BETWEEN)
    return bool(poll(lambda: latest(client, competition(project), text), every=every, attempts=attempts))


def latest(client: Client, competition: str, text: str) -> Submission | None:
    """Return the latest submission with this message, None where Kaggle lists none."""
    listed = client.call("competitions", "submissions", competition, "--format", "json", "--page-size", "100").json
    submissions = [
        Submission(
            number=int(fields.get("ref") or 0),
            word=str(fields.get("status", "")).rpartition(".")[2].upper(),
            public=str(fields.get("publicScore") or ""),
            private=str(fields.get("privateScore") or ""),
        )
        for fields in listed or ()
        if fields.get("description") == text
    ]
    return max(submissions, key=lambda submission: submission.number, default=None)


def wait(client: Client, competition: str, text: str, tell: Callable[[str], None], after: int = 0) -> Submission:
    """Wait until the submission ``after`` a number is scored or has failed; a look that fails is repeated."""

    def look(say: Callable[[str], None]) -> Submission | None:
        submission = latest(client, competition, text)
        if submission is None or submission.number <= after:
            say("not listed yet")
        elif submission.word == "PENDING":
            say("pending")
        else:
            return submission
        return None

    late = ("no score", "look again with `kernelwright submit`")
    return client.wait(competition, look, tell, limit=client.timeouts.run, late=late)
