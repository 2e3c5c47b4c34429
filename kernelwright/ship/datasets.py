"""A dataset on Kaggle that holds what a folder here holds: made, or versioned where its content changed."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import ClientFailed
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.ship.client import Client, is_absence, json_of

_DEAD = {"failed", "deleted"}
_MARK = re.compile(r"contents-[0-9a-f]{16}\.txt")
_LOOKS = 6
"""How often a version is looked for that was begun and cut off: Kaggle may tell of the one before for a while."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A folder ready to be sent.

    Attributes
    ----------
    ref : str
        ``owner/slug``.
    folder : Path
        Its files, with the metadata and a list of contents whose name is of their digest: by that name the content
        is known again on Kaggle.
    sizes : mapping of str to int
        File name to bytes, the metadata left out.
    mark : str
        The name of that list.
    """

    ref: str
    folder: Path
    sizes: Mapping[str, int]
    mark: str


def names(folder: Path) -> list[str]:
    """Return the files of a dataset's folder that are sent, its metadata left out."""
    found = (path.name for path in folder.iterdir() if path.is_file())
    return sorted(name for name in found if not name.startswith(".") and name != DATASET_FILE)


def parcel(source: Path, target: Path) -> Parcel:
    """Copy a dataset's folder to ``target`` and add the list of its contents."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    sent = names(source)
    for name in (DATASET_FILE, *sent):
        shutil.copyfile(source / name, target / name)
    listed = "".join(f"{_sha256(target / name)}  {name}\n" for name in sent)
    mark = f"contents-{hashlib.sha256(listed.encode()).hexdigest()[:16]}.txt"
    (target / mark).write_text(listed, "utf-8")
    ref = json.loads((target / DATASET_FILE).read_text("utf-8"))["id"]
    sizes = {path.name: path.stat().st_size for path in sorted(target.iterdir()) if path.name != DATASET_FILE}
    return Parcel(ref=ref, folder=target, sizes=sizes, mark=mark)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a dataset is made: for everybody to see, and over files that were not sent from here."""

    public: bool = False
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class State:
    """A dataset as Kaggle has it; version 0 where there is none, public where Kaggle says so."""

    status: str = ""
    version: int = 0
    public: bool = False


def state(client: Client, ref: str) -> State:
    """Ask for a dataset's status and version."""
    try:
        said, answers = client.ask("datasets", "status", ref, "--format", "json")
    except ClientFailed as error:
        if is_absence(error):
            return State()
        raise
    told = json.loads(json_of(said))
    public = any(answer.told.get("isPrivate") is False for answer in answers)
    return State(status=told["status"], version=int(told["current_version_number"] or 0), public=public)


_PRIVATE = Terms()


def ensure(client: Client, sent: Parcel, tell: Callable[[str], None], terms: Terms = _PRIVATE) -> int:
    """Make Kaggle's dataset hold the parcel; return the version that does.

    Raises
    ------
    ClientFailed
        It cannot be made, is not ready in time, or is not what was sent; it is public, or holds files of another's.
    """
    now, held = _held(client, sent, tell)
    if not held:
        _protect(client, sent, now, terms)
        tell(f"{sent.ref}: {'a new version' if now.version else 'new'}, {len(sent.sizes)} files")
        _begun(sent).write_text(sent.mark, "utf-8")
        _send(client, sent, new=not now.version, public=terms.public)
        now = _ready(client, sent.ref, tell, beyond=now.version)
    _compare(sent, listing(client, sent.ref))
    _begun(sent).unlink(missing_ok=True)
    tell(f"{sent.ref}: {'unchanged, version' if held else 'version'} {now.version}{'' if held else ' is ready'}")
    return now.version


def _held(client: Client, sent: Parcel, tell: Callable[[str], None]) -> tuple[State, bool]:
    """Return the dataset as it is, once it is ready, and whether it holds the parcel."""
    begun = _begun(sent)
    looks = _LOOKS if begun.is_file() and begun.read_text("utf-8") == sent.mark else 1
    for look in range(looks):
        time.sleep(client.pace.poll * bool(look))
        now = state(client, sent.ref)
        if now.status in _DEAD:
            return now, False
        if now.version or now.status:
            now = _ready(client, sent.ref, tell, beyond=0)
            there = listing(client, sent.ref)
            if sent.mark in there and not _lost(sent, there):
                return now, True
    return now, False


def _protect(client: Client, sent: Parcel, now: State, terms: Terms) -> None:
    """Refuse to show the files to everybody, and to put them before files that were not sent from here."""
    if not now.version or now.status in _DEAD:
        return
    if now.public and not terms.public:
        raise ClientFailed(
            f"{sent.ref}: is public on Kaggle, and everybody would see these files; make it private there, or push "
            "with --public-datasets"
        )
    there = listing(client, sent.ref)
    foreign = sorted(there.keys() - sent.sizes.keys())
    if foreign and not terms.overwrite and not any(_MARK.fullmatch(name) for name in there):
        raise ClientFailed(
            f"{sent.ref}: holds {foreign[0]}, which was not sent from here; name another slug, or push with --overwrite"
        )


def _begun(sent: Parcel) -> Path:
    """Return the note that this parcel is being sent, which outlives a push that is cut off."""
    return sent.folder.with_name(f"{sent.folder.name}.begun")


def _send(client: Client, sent: Parcel, *, new: bool, public: bool) -> None:
    if new:
        visible = ["--public"] if public else []
        client.call("datasets", "create", "-q", *visible, "-p", str(sent.folder), transfers=True)
    else:
        note = f"kernelwright {sent.mark.removesuffix('.txt')}"
        client.call("datasets", "version", "-q", "-m", note, "-p", str(sent.folder), transfers=True)


def _ready(client: Client, ref: str, tell: Callable[[str], None], *, beyond: int) -> State:
    """Wait until a version later than ``beyond`` is ready; a look that fails is taken again."""
    deadline = time.monotonic() + client.pace.dataset
    told = ""
    while True:
        now = _look(client, ref)
        if now.status == "ready" and now.version > beyond:
            return now
        if now.status in _DEAD and (now.version > beyond or not beyond):
            raise ClientFailed(f"{ref}: Kaggle could not process the dataset: {now.status}")
        if time.monotonic() > deadline:
            raise ClientFailed(f"{ref}: not ready after {client.pace.dataset:g} s ({now.status}); run again to go on")
        if now.status != told:
            tell(f"{ref}: {now.status or 'not there yet'}, waiting")
            told = now.status
        time.sleep(client.pace.poll)


def _look(client: Client, ref: str) -> State:
    try:
        return state(client, ref)
    except ClientFailed as error:
        return State(status=f"no answer: {error}")


def listing(client: Client, ref: str) -> Mapping[str, int]:
    """Return the files of a dataset's newest version, name to bytes."""
    answer = client.call("datasets", "files", ref, "--format", "json", "--page-size", "200")
    listed = json.loads(json_of(answer)) or ()
    return {one["name"]: int(one["size"]) for one in listed}


def _lost(sent: Parcel, there: Mapping[str, int]) -> list[str]:
    return [name for name, size in sent.sizes.items() if there.get(name) != size]


def _compare(sent: Parcel, there: Mapping[str, int]) -> None:
    """Hold the listing against what was sent: the client loses a file it could not upload without a word."""
    if lost := _lost(sent, there):
        raise ClientFailed(f"{sent.ref}: Kaggle does not hold {', '.join(lost[:3])} as it was sent; push again")
