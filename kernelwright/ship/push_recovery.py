"""A push is noted before it is made and recorded after; the next one takes up what was cut off in between."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kernelwright.project.model import Project
from kernelwright.ship import kernels, push_log, remote_state
from kernelwright.ship.client import Client
from kernelwright.ship.kernels import Source
from kernelwright.ship.push_log import Push

_LOOKS = 3
"""How often a version is looked for whose push was cut off: Kaggle may not tell of it at once."""
_PROBES = 200
"""How many versions are looked through: others may have come after it."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A push as it is made.

    Attributes
    ----------
    push : Push
        What will be recorded of it; its version is not known yet.
    metadata : mapping
        As it is sent, with its sources.
    notebook : str
        As it is sent.
    after : int
        The latest version Kaggle had before it.
    """

    push: Push
    metadata: Mapping[str, Any]
    notebook: str
    after: int


def begin(project: Project, begun: Begun) -> None:
    """Note that a push is about to be made, and all that its record needs."""
    push_log.intend(project.root, begun.push.kernel, asdict(begun))


def end(project: Project, client: Client, begun: Begun, version: int, dropped: Sequence[str] = ()) -> Push:
    """Record the version a push made, with the sources Kaggle did not attach, and forget that it had begun."""
    push = replace(begun.push, version=version)
    push = replace(push, dropped=tuple(dropped or _lost(client, push, begun)))
    push_log.record(project.root, push, begun.notebook.encode())
    push_log.settle(project.root, push.kernel)
    return push


def take_up(project: Project, client: Client) -> Push | None:
    """Record the version of a push that was cut off before its record; None where it made none, or none was."""
    name = project.metadata.id
    begun = _begun(project)
    version = _version(client, begun) if begun else 0
    known = [one for one in push_log.pushes(project.root, name) if begun and one.request == begun.push.request]
    if begun and version and version not in {one.version for one in known}:
        return end(project, client, begun, version)
    push_log.settle(project.root, name)
    return None


def _begun(project: Project) -> Begun | None:
    told = push_log.intended(project.root, project.metadata.id)
    try:
        return Begun(**{**told, "push": Push(**told["push"])})
    except (KeyError, TypeError):
        return None


def _version(client: Client, begun: Begun) -> int:
    said = remote_state.says(begun.notebook.encode())
    for look in range(_LOOKS):
        time.sleep(client.pace.poll * bool(look))
        there = kernels.source(client, begun.push.kernel)
        if found := _among(client, begun, said, there):
            return found
    return 0


def _among(client: Client, begun: Begun, said: object, there: Source | None) -> int:
    """Return the first version since the push that says what it said, 0 where there is none."""
    first = begun.after + 1
    if there and there.latest >= first and remote_state.says(there.notebook) == said:
        return there.latest
    for version in range(first, first + _PROBES):
        found = kernels.source(client, f"{begun.push.kernel}/{version}")
        if found is None:
            break
        if remote_state.says(found.notebook) == said:
            return version
    return 0


def _lost(client: Client, push: Push, begun: Begun) -> list[str]:
    """Name the sources Kaggle did not attach: it says so only of some, so what it has is held against what was sent."""
    there = remote_state.once_told(client, push.kernel, push.version)
    return kernels.lost_sources(begun.metadata, there.metadata) if there else []
