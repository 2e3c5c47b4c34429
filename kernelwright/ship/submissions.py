"""Submit a kernel version to its competition and wait for its score."""

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
"""How often to look for a submission that was interrupted; Kaggle may not list it at once."""
_BETWEEN = 10  # seconds, at most


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submission in Kaggle's list: its number, Kaggle's word for its status, and its scores, empty for none."""

    number: int
    word: str
    public: str = ""
    private: str = ""

    @property
    def failed(self) -> bool:
        """Whether the rerun failed. Kaggle marks some failed reruns as complete, without a score."""
        return self.word == "ERROR" or (self.word == "COMPLETE" and not (self.public or self.private))


def competition(project: Project) -> str:
    """Return the slug of the kernel's competition; raises `ClientFailed` unless exactly one is attached."""
    attached = project.metadata.competition_sources
    if len(attached) != 1:
        names = ", ".join(attached) or "none"
        raise ClientFailed(f"{project.configuration.metadata}: competition_sources: {names}; a submission needs one")
    return attached[0]


def remaining(client: Client, competition: str) -> int:
    """Return how many submissions are left today."""
    limits = client.call("competitions", "submission-limits", competition, "--json").json
    if not isinstance(limits, dict):
        raise ClientFailed("kaggle competitions submission-limits: not understood; try again later")
    return int(limits.get("numAllowedNow", 0))  # the client leaves out a count of zero


def message(push: Push) -> str:
    """Return the text by which a submission is recognised: version, commit, and digest of the notebook."""
    commit = f" commit {push.commit[:12]}{'+' if push.changed else ''}" if push.commit else ""
    return f"kernelwright v{push.version}{commit} notebook {push.notebook[:12]}"


def submit(project: Project, client: Client, push: Push) -> None:
    """Submit a version. The start is noted, so that an interrupted submission is looked for later."""
    text, file = message(push), project.configuration.submission[0]
    what = ("-k", push.kernel, "-v", str(push.version), "-f", file, "-m", text)
    with push_log.step(project.root, text, {"version": push.version}):
        reply = client.call("competitions", "submit", competition(project), *what, "-q")
    if not _CONFIRMED.search(reply.printed):
        raise ClientFailed(f"kaggle competitions submit: Kaggle confirmed nothing; the client said: {reply.last_line}")


def record(project: Project, push: Push) -> None:
    """Record that a version was submitted, unless it is already recorded, and delete the submission's note."""
    text = message(push)
    if not push_log.is_recorded(project.root, "submitted", {"message": text}):
        fields = {"kernel": push.kernel, "version": push.version, "competition": competition(project)}
        push_log.append(project.root, "submitted", {**fields, "message": text, "at": push_log.now()})
    push_log.finish_step(project.root, text)


def was_submitted(project: Project, client: Client, push: Push) -> bool:
    """Return True if a version was submitted, according to the push log or Kaggle's list, which may lag behind."""
    text = message(push)
    if push_log.is_recorded(project.root, "submitted", {"message": text}):
        return True
    # Kaggle may not list an interrupted submission at once. Submitting twice would count twice.
    attempts = _ATTEMPTS if push_log.pending_step(project.root, text) else 1
    every = min(client.timeouts.poll, _BETWEEN)
    return bool(poll(lambda: latest(client, competition(project), text), every=every, attempts=attempts))


def latest(client: Client, competition: str, text: str) -> Submission | None:
    """Return the latest submission whose message is ``text``; None if Kaggle lists none."""
    listed = client.call("competitions", "submissions", competition, "--format", "json", "--page-size", "100").json
    submissions = [
        Submission(
            number=int(fields.get("ref") or 0),
            word=str(fields.get("status", "")).rpartition(".")[2].upper(),  # without an enum's name before the dot
            public=str(fields.get("publicScore") or ""),
            private=str(fields.get("privateScore") or ""),
        )
        for fields in listed or ()
        if fields.get("description") == text
    ]
    return max(submissions, key=lambda submission: submission.number, default=None)


def wait(client: Client, competition: str, text: str, tell: Callable[[str], None], after: int = 0) -> Submission:
    """Wait until a submission with a number above ``after`` is scored or has failed. A failed request is repeated."""

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
