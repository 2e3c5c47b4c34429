"""Upload a folder as a dataset on Kaggle. A new version is made only if the content has changed."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kernelwright.errors import ClientFailed
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.ship import push_log
from kernelwright.ship.client import Client
from kernelwright.support.hashing import file_sha256, sha256
from kernelwright.support.poll import poll

_DEAD = {"failed", "deleted"}
_MARKER = re.compile(r"contents-[0-9a-f]{16}\.txt")
_ATTEMPTS = 6
"""How often to look for a version whose upload was interrupted; Kaggle may show the previous one for a while."""


@dataclass(frozen=True, kw_only=True)
class DatasetUpload:
    """A folder that is ready to be uploaded.

    Attributes
    ----------
    root : Path
        The project's folder, where the start of the upload is noted.
    ref : str
        ``owner/slug`` of the dataset.
    folder : Path
        The folder with the files, the metadata and the marker.
    sizes : mapping of str to int
        File name -> size in bytes, without the metadata.
    marker : str
        Name of the file that lists the contents. The name holds their digest, so that Kaggle's list of files shows
        which content a version has.
    """

    root: Path
    ref: str
    folder: Path
    sizes: Mapping[str, int]
    marker: str

    def missing(self, files: Mapping[str, int]) -> list[str]:
        """Return the names of the files that ``files`` lacks or holds in another size."""
        return [name for name, size in self.sizes.items() if files.get(name) != size]


def file_names(folder: Path) -> list[str]:
    """Return the names of the files of a dataset's folder that are sent, without the metadata."""
    names = (path.name for path in folder.iterdir() if path.is_file())
    return sorted(name for name in names if not name.startswith(".") and name != DATASET_FILE)


def stage_dataset(root: Path, source: Path, target: Path) -> DatasetUpload:
    """Copy the dataset's folder ``source`` to ``target`` and add the marker. ``root`` is the project's folder."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    names = file_names(source)
    for name in (DATASET_FILE, *names):
        shutil.copyfile(source / name, target / name)
    contents = "".join(f"{file_sha256(target / name)}  {name}\n" for name in names)
    marker = f"contents-{sha256(contents)[:16]}.txt"
    (target / marker).write_text(contents, "utf-8")
    ref = json.loads((target / DATASET_FILE).read_text("utf-8"))["id"]
    sizes = {name: (target / name).stat().st_size for name in sorted([*names, marker])}
    return DatasetUpload(root=root, ref=ref, folder=target, sizes=sizes, marker=marker)


@dataclass(frozen=True, kw_only=True)
class RemoteDataset:
    """A dataset on Kaggle. ``version`` is 0 if it does not exist. ``public`` is True only if Kaggle says so.

    ``files`` maps file names to sizes in bytes.
    """

    status: str = ""
    version: int = 0
    public: bool = False
    files: Mapping[str, int] = field(default_factory=dict)


def ensure(
    client: Client,
    upload: DatasetUpload,
    tell: Callable[[str], None],
    *,
    public: bool = False,
    overwrite: bool = False,
) -> int:
    """Make sure that the dataset on Kaggle holds the upload, and return the version that does.

    The folder is uploaded unless the newest version holds each file, including the marker, in its size.

    Parameters
    ----------
    public : bool
        Whether the dataset may be visible to everybody.
    overwrite : bool
        Whether files that were not sent from here may be replaced.

    Raises
    ------
    ClientFailed
        If the dataset cannot be created, is not ready in time or differs from what was sent; also, unless allowed, if
        it is public or holds files that were not sent from here.
    """
    current, step = _query(client, upload, tell), f"datasets/{upload.ref}"
    was_begun = push_log.pending_step(upload.root, step).get("marker") == upload.marker
    if was_begun and current.status not in _DEAD and upload.missing(current.files):

        def look() -> RemoteDataset | None:
            now = _query(client, upload, tell)
            return None if upload.missing(now.files) else now

        # The interrupted upload may have arrived, and Kaggle may show the previous version for a while.
        current = poll(look, every=client.timeouts.poll, attempts=_ATTEMPTS) or current
    if not upload.missing(current.files):
        tell(f"{upload.ref}: unchanged, version {current.version}")
    else:
        _check_replaceable(upload, current, public=public, overwrite=overwrite)
        tell(f"{upload.ref}: {'a new version' if current.version else 'new'}, {len(upload.sizes)} files")
        with push_log.step(upload.root, step, {"marker": upload.marker}):
            _send(client, upload, new=not current.version, public=public)
        current = _wait_until_ready(client, upload.ref, tell, beyond=current.version)
        # The client reports nothing if it could not upload a file.
        if lost := upload.missing(client.files("datasets", upload.ref)):
            raise ClientFailed(f"{upload.ref}: Kaggle does not hold {', '.join(lost[:3])} as it was sent; push again")
        tell(f"{upload.ref}: version {current.version} is ready")
    push_log.finish_step(upload.root, step)
    return current.version


def _query(client: Client, upload: DatasetUpload, tell: Callable[[str], None]) -> RemoteDataset:
    """Return the dataset with its files, once it is ready; without files if it does not exist, failed or is deleted."""
    dataset = query(client, upload.ref)
    if dataset.status in _DEAD or not (dataset.version or dataset.status):
        return dataset
    if dataset.status != "ready":
        dataset = _wait_until_ready(client, upload.ref, tell, beyond=0)
    return replace(dataset, files=client.files("datasets", upload.ref))


def query(client: Client, ref: str) -> RemoteDataset:
    """Return a dataset's status, version and visibility, without its files."""
    reply = client.look_up("datasets", "status", ref, "--format", "json")
    if reply is None:
        return RemoteDataset()
    public = any(response.json.get("isPrivate") is False for response in reply.responses)
    version = int(reply.json["current_version_number"] or 0)
    return RemoteDataset(status=reply.json["status"], version=version, public=public)


def _check_replaceable(upload: DatasetUpload, current: RemoteDataset, *, public: bool, overwrite: bool) -> None:
    """Raise `ClientFailed` if a new version would show files to everybody or replace files not sent from here."""
    if not current.version or current.status in _DEAD:
        return
    if current.public and not public:
        raise ClientFailed(
            f"{upload.ref}: is public on Kaggle, and everybody would see these files; make it private there, or push "
            "with --public-datasets"
        )
    # A dataset with a marker was sent by Kernelwright, so files of an earlier version may go.
    foreign = sorted(current.files.keys() - upload.sizes.keys())
    if foreign and not overwrite and not any(_MARKER.fullmatch(name) for name in current.files):
        raise ClientFailed(
            f"{upload.ref}: holds {foreign[0]}, which was not sent from here; name another slug, or push with "
            "--overwrite"
        )


def _send(client: Client, upload: DatasetUpload, *, new: bool, public: bool) -> None:
    if new:
        visible = ["--public"] if public else []
        client.call("datasets", "create", "-q", *visible, "-p", str(upload.folder), transfers=True)
    else:
        note = f"kernelwright {upload.marker.removesuffix('.txt')}"
        client.call("datasets", "version", "-q", "-m", note, "-p", str(upload.folder), transfers=True)


def _wait_until_ready(client: Client, ref: str, tell: Callable[[str], None], *, beyond: int) -> RemoteDataset:
    """Wait until a version later than ``beyond`` is ready. A failed request is repeated."""

    def look(say: Callable[[str], None]) -> RemoteDataset | None:
        dataset = query(client, ref)
        is_newer = dataset.version > beyond
        # A failed status that belongs to the version before says nothing about the new one.
        if (dataset.status == "ready" and is_newer) or (dataset.status in _DEAD and (is_newer or not beyond)):
            return dataset
        say(f"{dataset.status or 'not listed yet'}, waiting")
        return None

    late = ("not ready", "run again to go on")
    dataset = client.wait(ref, look, tell, limit=client.timeouts.dataset, late=late)
    if dataset.status in _DEAD:
        raise ClientFailed(f"{ref}: Kaggle could not process the dataset: {dataset.status}")
    return dataset
