"""Each fault on the whole driver with a small competition, as the hidden rerun meets it and as a local run does.

docs/faults.md is generated from `FAULTS` by ``python -m tests.kernel.test_faults``.
"""

import csv
import errno
import io
import json
import logging
import re
import runpy
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import tensorflow as tf

from kernelwright.runtime.errors import KernelwrightError
from tests.kernel.image_faults import EMPTY, IMAGES, RECOGNISED, ImageFault

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "faults.md"
GOOD = {"3d00": "11", "3d01": "22", "4e00": "33"}
"""The queries without a fault, and their labels."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault, and what becomes of a run."""

    name: str
    cause: Callable[[Path, pytest.MonkeyPatch], None]
    """What brings it about, in an input folder."""
    rerun: str
    """The outcome in the hidden rerun, for the document."""
    logged: str
    """What the log says, a pattern."""
    local: str = ""
    """The error a local run ends with, a pattern; empty where it ends well."""
    same: bool = True
    """Whether the good queries have the same scores; else the labels alone are the same."""
    sample: bool = False
    """Whether the sample stays."""


def competition(folder: Path) -> Path:
    return folder / "landmark-recognition-2021"


def weights(folder: Path) -> Path:
    return folder / "effb7-512-ep12" / "effb7model512-12.h5"


def query(folder: Path, name: str) -> Path:
    path = competition(folder) / "test" / "f" / name
    path.parent.mkdir(exist_ok=True)
    return path


def train_csv(change: Callable[[str], str]):
    def cause(folder, _):
        path = competition(folder) / "train.csv"
        path.write_bytes(change(path.read_text()).encode())

    return cause


def values(change: Callable[[np.ndarray], np.ndarray], only: str = ""):
    """Change the tensors of the weights file; those of one name alone, if it is given."""

    def cause(folder, _):
        def visit(name, item):
            if isinstance(item, h5py.Dataset) and only in name:
                item[...] = change(item[...])

        with h5py.File(weights(folder), "a") as file:
            file.visititems(visit)

    return cause


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def described(**changes):
    def cause(folder, _):
        path = weights(folder).with_name("model.json")
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return cause


def failing(target: str, error: BaseException, image: str):
    """A function of the kernel raises where it meets the image."""

    def cause(folder, monkeypatch):
        import landmarks.embedding
        import landmarks.local_features

        module = {"embedding": landmarks.embedding, "local_features": landmarks.local_features}[target]
        name = "global_pixels" if target == "embedding" else "local_pixels"
        original = getattr(module, name)

        def fail(path, **options):
            if path.stem == image:
                raise error
            return original(path, **options)

        monkeypatch.setattr(module, name, fail)

    return cause


def small_memory(folder, monkeypatch):
    import landmarks.embedding

    original = landmarks.embedding._NetworkPart.embed

    def embed(part, views):
        if len(views) > 2:
            raise MemoryError("no room")
        return original(part, views)

    monkeypatch.setattr(landmarks.embedding._NetworkPart, "embed", embed)


def small_gpu(folder, monkeypatch):
    import landmarks.embedding

    original = landmarks.embedding._NetworkPart.embed

    def embed(part, views):
        if len(views) > 2:
            tf.zeros((2**20, 2**20, 64))  # TensorFlow's own error: no device has 256 TiB
        return original(part, views)

    monkeypatch.setattr(landmarks.embedding._NetworkPart, "embed", embed)


def image_too_large_for_gpu(folder, monkeypatch):
    import landmarks.embedding

    original = landmarks.embedding._NetworkPart.embed
    cv2.imwrite(str(competition(folder) / "train/5/f/0/5f00.jpg"), np.zeros((150, 200, 3), np.uint8))

    def embed(part, views):
        if not all(map(np.ptp, views)):
            tf.zeros((2**20, 2**20, 64))  # TensorFlow's own error: no device has 256 TiB
        return original(part, views)

    monkeypatch.setattr(landmarks.embedding._NetworkPart, "embed", embed)


def not_read_to_the_end(name: str):
    """All of a table but its last two bytes is read; then the system reports an input/output error."""

    def cause(folder, monkeypatch):
        path, original = competition(folder) / name, Path.open
        good = path.stat().st_size - 2

        class Broken(io.FileIO):
            def readinto(self, buffer):
                if self.tell() >= good:
                    raise OSError(errno.EIO, "Input/output error")
                return super().readinto(memoryview(buffer)[:good])

            def readall(self):
                raise OSError(errno.EIO, "Input/output error")

        def open_broken(self, mode="r", **options):
            if self != path:
                return original(self, mode, **options)
            reader = io.BufferedReader(Broken(self))
            return reader if "b" in mode else io.TextIOWrapper(reader, **options)

        monkeypatch.setattr(Path, "open", open_broken)

    return cause


def unreadable(find: Callable[[Path], Path]):
    """The system reports an input/output error for a file: it is a link to where nothing can be read."""

    def cause(folder, _):
        find(folder).unlink()
        find(folder).symlink_to("/proc/self/mem")

    return cause


def matching_fails(folder, monkeypatch):
    import landmarks.pipeline

    original = landmarks.pipeline.records.save_matches

    def fail(photo, *rest):
        if photo.id == "f0":
            raise cv2.error("odd")
        original(photo, *rest)

    shutil.copy(competition(folder) / "test/3/d/0/3d00.jpg", query(folder, "f0.jpg"))
    monkeypatch.setattr(landmarks.pipeline.records, "save_matches", fail)


def describing_fails(error: BaseException):
    def cause(folder, monkeypatch):
        shutil.copy(competition(folder) / "test/3/d/0/3d00.jpg", query(folder, "f0.jpg"))
        failing("local_features", error, "f0")(folder, monkeypatch)

    return cause


def worker_killed(folder, monkeypatch):
    """Verify in processes from the first pair on, and kill each where it has its first pair."""
    import landmarks.reranking
    from landmarks.verification_workers import VerificationPool

    class Killed(VerificationPool):
        def __init__(self):
            super().__init__(2, start_after_s=0)

        def _ask(self, worker, *pair):
            worker.process.kill()
            return super()._ask(worker, *pair)

    monkeypatch.setattr(landmarks.reranking, "VerificationPool", Killed)


def no_process_left(folder, monkeypatch):
    import landmarks.reranking
    from landmarks import verification_workers

    def refuse():
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    eager = partial(verification_workers.VerificationPool, 2, start_after_s=0)
    monkeypatch.setattr(landmarks.reranking, "VerificationPool", eager)
    monkeypatch.setattr(verification_workers, "_Worker", refuse)


def disk_full(folder, monkeypatch):
    from kernelwright.runtime import submission

    original = submission._replace

    def replace_or_fail(path, content, *, after, rows):
        if after != "sample":
            raise OSError(28, "No space left on device", str(path))
        return original(path, content, after=after, rows=rows)

    monkeypatch.setattr(submission, "_replace", replace_or_fail)


def no_time(folder, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_DEADLINE", "1")


def remove_test_images_but_text(folder, split):
    for path in (competition(folder) / split).rglob("*.jpg"):
        path.write_text("no image")


FALLBACK = "local features alone rank the gallery"
FAULTS = [
    Fault(
        name="a folder holds a link to its parent",
        cause=lambda folder, _: (competition(folder) / "test" / "loop").symlink_to(competition(folder) / "test"),
        rerun="the link is not followed",
        logged="skipped: .*loop: a link to a folder already listed",
    ),
    Fault(
        name="a gallery image is empty",
        cause=lambda folder, _: (competition(folder) / "train/5/f/0/5f00.jpg").write_bytes(b""),
        rerun="it is left out",
        logged="skipped: .*5f00.jpg: unreadable image",
    ),
    Fault(
        name="every query is unreadable",
        cause=lambda folder, _: remove_test_images_but_text(folder, "test"),
        rerun="the sample stays",
        logged="nothing was recognised: of 3 queries 0",
        local="NothingRecognised",
        sample=True,
    ),
    Fault(
        name="every gallery image is unreadable",
        cause=lambda folder, _: remove_test_images_but_text(folder, "train"),
        rerun="the sample stays",
        logged="nothing was recognised: .* gallery images 0",
        local="NothingRecognised",
        sample=True,
    ),
    Fault(
        name="train.csv: BOM, CRLF, blank lines, more columns, upper-case ids, float labels, repeats, a long cell, "
        "an id without an image",
        cause=train_csv(
            lambda text: (
                "\ufeffid,landmark_id,url\r\n\r\n"
                + "".join(f"{line.upper()}.0,{'u' * 140_000}\r\n" for line in text.split()[1:])
                + text.split()[1]
                + ",\r\nffff,77,\r\n"
            )
        ),
        rerun="it is read",
        logged="",
    ),
    Fault(
        name="train.csv: a row repeated with another label",
        cause=train_csv(lambda text: text + "0a00,99\n"),
        rerun="the first label is taken",
        logged="train.csv:8: id 0a00 has label 99, and 11 before",
        local="InvalidData",
    ),
    Fault(
        name="train.csv is missing",
        cause=lambda folder, _: (competition(folder) / "train.csv").unlink(),
        rerun="the sample stays",
        logged="train.csv: cannot be read",
        local="InvalidData",
        sample=True,
    ),
    Fault(
        name="there is no train folder",
        cause=lambda folder, _: shutil.rmtree(competition(folder) / "train"),
        rerun="the sample stays",
        logged=r"/train: no \*.jpg is found",
        local="InvalidData",
        sample=True,
    ),
    Fault(
        name="there is no test folder",
        cause=lambda folder, _: shutil.rmtree(competition(folder) / "test"),
        rerun="the sample stays",
        logged=r"/test: no \*.jpg is found",
        local="InvalidData",
        sample=True,
    ),
    Fault(
        name="a read error in the middle of train.csv",
        cause=not_read_to_the_end("train.csv"),
        rerun="the rows before are used",
        logged=r"train.csv: cannot be read \(.*Input/output error\).*; the 5 rows before are used",
        local="InvalidData",
    ),
    Fault(
        name="there is no sample submission",
        cause=lambda folder, _: (competition(folder) / "sample_submission.csv").unlink(),
        rerun="the ids come from the test folder",
        logged="the ids come from the test folder",
    ),
    Fault(
        name="a read error in the middle of the sample submission",
        cause=not_read_to_the_end("sample_submission.csv"),
        rerun="the ids come from the test folder",
        logged=r"sample_submission.csv cannot be read \(Input/output error\).*; the ids come from the test folder",
        local="InvalidData",
    ),
    Fault(
        name="the weights are not finite",
        cause=values(lambda tensor: np.full_like(tensor, np.nan)),
        rerun=FALLBACK,
        logged=r"(?s)left out: .*its values are no trained weights.*values are not finite",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="one tensor of the weights is infinite",
        cause=values(lambda tensor: np.full_like(tensor, np.inf), only="dense/kernel:0"),
        rerun=FALLBACK,
        logged=r"(?s)left out: .*dense/kernel:0: \d+ of \d+ values are not finite",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the weights are all 0",
        cause=values(np.zeros_like),
        rerun=FALLBACK,
        logged="(?s)left out: .*every kernel is 0",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the embedding's layer is all 0",
        cause=values(np.zeros_like, only="dense/"),
        rerun=FALLBACK,
        logged="is left out: the first 9 embeddings are all 0",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the weights are cut in half",
        cause=lambda folder, _: cut(weights(folder), weights(folder).stat().st_size // 2),
        rerun=FALLBACK,
        logged="left out: .*not an HDF5 file",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the last 1000 bytes of the weights are gone",
        cause=lambda folder, _: cut(weights(folder), weights(folder).stat().st_size - 1000),
        rerun=FALLBACK,
        logged="left out: .*not an HDF5 file",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the weights are text",
        cause=lambda folder, _: weights(folder).write_text("<html>"),
        rerun=FALLBACK,
        logged="left out: .*not an HDF5 file",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the weights are missing",
        cause=lambda folder, _: weights(folder).unlink(),
        rerun=FALLBACK,
        logged="left out: .*no such file",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="a read error in the weights",
        cause=unreadable(weights),
        rerun=FALLBACK,
        logged="(?s)left out: .*Input/output error",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="the weights have another shape",
        cause=described(embedding=16),
        rerun=FALLBACK,
        logged="left out: .*does not fit",
        local="WrongWeights",
        same=False,
    ),
    Fault(
        name="model.json: another class count",
        cause=described(classes=6),
        rerun="the embedding does not depend on it: the weights are used",
        logged="the head is not used: .*does not fit",
        local="WrongWeights",
    ),
    Fault(
        name="model.json: input_px of 100000",
        cause=described(input_px=100_000),
        rerun=FALLBACK,
        logged="(?s)left out: .*input_px: 100000 is above 2048",
        local="WrongModelFile",
        same=False,
    ),
    Fault(
        name="an exception while a query is described",
        cause=describing_fails(cv2.error("odd")),
        rerun="it keeps its retrieval score, the others are verified",
        logged="no local features: .*f0.jpg: error: odd",
        local="ImagesFailed",
    ),
    Fault(
        name="an exception while a query is verified",
        cause=matching_fails,
        rerun="it keeps its retrieval score, the others are verified",
        logged="keeps its retrieval score: .*f0.jpg: error: odd",
        local="ImagesFailed",
    ),
    Fault(
        name="the processes that verify are killed",
        cause=worker_killed,
        rerun="the run verifies their pairs itself",
        logged=r"a verification process died \(status -9\); the run verifies its pairs itself",
    ),
    Fault(
        name="no process can be started to verify",
        cause=no_process_left,
        rerun="the run verifies itself",
        logged="2 of 2 verification processes cannot be started: .*temporarily unavailable",
    ),
    Fault(
        name="a library ends the process from a thread that describes a query",
        cause=describing_fails(SystemExit(3)),
        rerun="verification ends; the predictions of retrieval stand",
        logged="(?s)the failed part is skipped; the last submission on disk is kept.*SystemExit",
        local="SystemExit",
        same=False,
    ),
    Fault(
        name="memory runs out in one image",
        cause=failing("embedding", MemoryError("no room"), "5f00"),
        rerun="it is left out",
        logged="skipped: .*5f00.jpg: MemoryError: no room",
        local="ImagesFailed",
    ),
    Fault(
        name="memory runs out in a batch",
        cause=small_memory,
        rerun="batches are halved",
        logged="out of memory: batches of 2 images from here on",
        same=False,
    ),
    Fault(
        name="the GPU's memory runs out in a batch",
        cause=small_gpu,
        rerun="batches are halved",
        logged="out of memory: batches of 2 images from here on",
        same=False,
    ),
    Fault(
        name="the GPU's memory is too small for one image, alone in a batch",
        cause=image_too_large_for_gpu,
        rerun="batches are halved; it is left out",
        logged="(?s)batches of 4 images from here on.*skipped: .*5f00.jpg: RuntimeError: ResourceExhaustedError",
        local="ImagesFailed",
        same=False,
    ),
    Fault(
        name="the disk is full when the predictions are written",
        cause=disk_full,
        rerun="the previous submission stays",
        logged="the failed part is skipped; the last submission on disk is kept",
        local="OSError",
        sample=True,
    ),
    Fault(
        name="the deadline has passed before anything is embedded",
        cause=no_time,
        rerun="the sample stays",
        logged="nothing was recognised",
        local="NothingRecognised",
        sample=True,
    ),
]


FROM_OUTSIDE = """
`tests/kernel/test_killed.py` (`make test-full`) tries the following faults, each in a process of its own on the mini
dataset:

| fault | hidden rerun |
|---|---|
| kill -9 at any moment, as when memory runs out | the file on disk is complete, from the step reached or the next |
| kill -9 while TensorFlow is imported | the sample is on disk |
| SIGTERM | stages end; what is embedded is compared, what is verified is submitted; the notebook ends well |
| the disk is full | the previous submission stays; the run continues, and writes again after the next step |

On 2026-11-26, `python -m tests.kernel.test_killed 50` killed 50 runs at random moments of the 13 s that one run took.
None left half a file, or less than the step reached. 10 had not begun. The others left the sample 23 times, retrieval
15 times and verification twice.

- If a process that verifies is killed, nothing is lost: the run verifies its pair itself.
- If a worker that builds an index of embeddings is killed, it is restarted, and so is its shard
  (`tests/kernel/index/test_build.py`).
- Threads decode and describe. An exception in a thread is raised where its result is awaited, and ends no other thread
  (`tests/kernel/test_prefetch.py`).
- SIGTERM waits for an import in progress.

## If time runs short

Work is left out in this order, and the log says how much of it (`Settings.deadline_hours`, `$KERNELWRIGHT_DEADLINE`):

1. candidates beyond the best, for the queries that come last, because verification changes their predictions least
2. fine local features: DELG without its largest scale, RootSIFT on images of half the size
3. verification of the queries that come last; they keep their retrieval score
4. gallery images: one of each landmark comes first
5. queries: their rows are empty

At the deadline, and at SIGTERM, work in progress is abandoned with its thread (`landmarks.prefetch.iterate_until`),
because TensorFlow cannot be interrupted while it loads a model or embeds a batch.

- To lose little, a batch has as many images as fit into half of the remaining time at the pace of the previous batch.
  The first batch has at least four, because a model is judged by it.
- The picture of the answers is abandoned as well.
- The import of the libraries is not abandoned: it waits only for the disk, and half an import would disturb later
  cells.
- A process whose work was abandoned exits without Python's tear-down, during which TensorFlow crashes
  (`tests/kernel/test_exit.py`, in a plain process and in a Jupyter kernel).

The pace decides, so a slow start may leave out too much. If time is left at the end, queries that were verified only in
part are verified again in full. Embedding may take all but 2 % of the time: a query that is not embedded has no
prediction, while one that is not verified usually has the right one.
"""


def table() -> str:
    """Return the document."""
    images = "".join(f"| a query {image.name} | {image.outcome} | the same |\n" for image in IMAGES)
    rows = "".join(
        f"| {fault.name} | {fault.rerun} | {f'ends with `{fault.local}`' if fault.local else 'the same'} |\n"
        for fault in FAULTS
    )
    return (
        "# What the kernel does with faults\n\n"
        "Generated by `python -m tests.kernel.test_faults`. Its tests try each fault on the whole driver.\n\n"
        "- In the hidden rerun nobody can retry. The run ends well with what it has; the log names what is missing.\n"
        "- A commit or a local run ends with an error if somebody can fix the cause.\n"
        "- `Settings.on_error` overrides this.\n\n"
        f"| fault | hidden rerun | commit, editor, local |\n|---|---|---|\n{images}{rows}{FROM_OUTSIDE}"
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory, tiny_backbone):
    """A competition with weights attached: as `tests.kernel.competition` draws it, and a label that no query shows."""
    from landmarks.network import classifier
    from landmarks.settings import NetworkSettings
    from landmarks.weights import save_legacy_h5
    from tests.kernel import competition as drawn

    folder = tmp_path_factory.mktemp("faults")
    root = drawn.write(competition(folder), shape=(150, 200))
    stranger = drawn.save(root, "train", "5f00", drawn.scene(99, (150, 200)))
    assert stranger.is_file()
    with (root / "train.csv").open("a") as file:
        file.write("5f00,99\n")
    network = NetworkSettings(backbone="efficientnet-b0", resize_px=32, input_px=32, classes=5, embedding=8)
    tf.keras.utils.set_random_seed(10)  # untrained, but with it each query is nearest to an image of its landmark
    model = classifier(network)
    rng = np.random.default_rng(4)
    model.set_weights([value + rng.uniform(-0.02, 0.02, value.shape) for value in model.get_weights()])
    weights(folder).parent.mkdir()
    save_legacy_h5(model, weights(folder))
    keys = ("backbone", "resize_px", "input_px", "classes", "embedding")
    weights(folder).with_name("model.json").write_text(json.dumps({key: getattr(network, key) for key in keys}))
    return folder


@pytest.fixture
def drive(tmp_path, monkeypatch, capsys):
    """Run the driver on an input folder; return the rows of the submission."""
    from landmarks import settings

    rootsift = settings.RootSiftSettings(longer_side_px=320, max_features=400)
    small = settings.Settings(local=settings.LocalSettings(rootsift=rootsift))
    monkeypatch.setattr(settings, "Settings", lambda: small)
    for name in ("KERNELWRIGHT_RECORD", "KERNELWRIGHT_DEADLINE", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)

    def run(folder, *, rerun):
        monkeypatch.setenv("KERNELWRIGHT_INPUT", str(folder))
        monkeypatch.setenv("KAGGLE_IS_COMPETITION_RERUN", "true" if rerun else "")
        runpy.run_path(str(ROOT / "kernel_src" / "main.py"))
        with (working / "submission.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == ["id", "landmarks"]
        return dict(rows)

    return run


@pytest.fixture(scope="module")
def whole():
    return {}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_rerun_ends_with_a_valid_submission_and_says_what_was_wrong(
    fault, base, drive, whole, tmp_path, monkeypatch, caplog
):
    caplog.set_level(logging.WARNING)
    if not whole:
        whole |= drive(base, rerun=True)
        assert {name: cell.split(" ")[0] for name, cell in whole.items()} == GOOD
    folder = shutil.copytree(base, tmp_path / "input")
    fault.cause(folder, monkeypatch)
    rows = drive(folder, rerun=True)
    assert [*rows] == [*GOOD]
    text = "\n".join(record.getMessage() + str(record.exc_info or "") for record in caplog.records)
    assert re.search(fault.logged, text), text
    if fault.sample:
        assert set(rows.values()) == {"11 0.1"}
    else:
        assert {name: cell.split(" ")[0] for name, cell in rows.items()} == GOOD
    if fault.same and not fault.sample:  # a batch of another length moves the last digits of an embedding
        scores, expected = ([float(cell.split(" ")[1]) for cell in cells.values()] for cells in (rows, whole))
        assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("image", [image for image in IMAGES if image.full], ids=lambda image: image.name)
@pytest.mark.full
def test_a_heavy_query_keeps_its_row(image, base, drive, tmp_path, caplog):
    assert deviations([image], base, drive, tmp_path, caplog, rerun=True) == []


@pytest.mark.parametrize("rerun", [True, False], ids=["rerun", "local"])
def test_queries_with_faults_keep_their_rows_and_the_others_are_recognised(rerun, base, drive, tmp_path, caplog):
    images = [image for image in IMAGES if not image.full]
    assert deviations(images, base, drive, tmp_path, caplog, rerun=rerun) == []


def deviations(images: list[ImageFault], base, drive, tmp_path, caplog, *, rerun):
    """Drive the pipeline with these images among the queries; return what is not as it should be."""
    folder = shutil.copytree(base, tmp_path / "input")
    with (competition(folder) / "sample_submission.csv").open("a") as sample:
        sample.writelines(f"{image.id},11 0.1\n" for image in images)
    for image in images:
        image.write(query(folder, image.file), competition(folder) / "test/3/d/0/3d00.jpg")
    rows = drive(folder, rerun=rerun)
    labels = {image_id: cell.split(" ")[0] for image_id, cell in rows.items()}
    wrong = [] if labels == labels | GOOD else [f"the other queries: {labels}"]
    for image in images:
        label = labels[image.id]
        if (label == "") != (image.outcome == EMPTY) or (label != "11" and image.outcome == RECOGNISED):
            wrong.append(f"{image.name}: label {label!r}")
        # TensorFlow's own warnings speak of a loop, as an image is called.
        own = [record.getMessage() for record in caplog.records if record.name.startswith("landmarks")]
        lines = [message for message in own if image.file[:-4] in message]
        if len(lines) != bool(image.logged) or not re.search(image.logged, "".join(lines)):
            wrong.append(f"{image.name}: logged {lines}")
    return wrong


RED = [fault for fault in FAULTS if fault.local]


@pytest.mark.parametrize("fault", RED, ids=lambda fault: fault.name)
def test_a_local_run_ends_red(fault, base, drive, tmp_path, monkeypatch):
    folder = shutil.copytree(base, tmp_path / "input")
    fault.cause(folder, monkeypatch)
    with pytest.raises((KernelwrightError, OSError, SystemExit)) as caught:
        drive(folder, rerun=False)
    assert caught.type.__name__ == fault.local


def test_the_document_lists_the_faults_as_they_are_tried():
    assert DOCUMENT.read_text("utf-8") == table()


def test_the_setting_goes_before_the_phase():
    from kernelwright.runtime.phase import Name
    from landmarks import faults
    from landmarks.settings import OnError, Settings

    def goes_on(how, phase):
        return faults.should_keep_going(replace(Settings(), on_error=how), phase)

    assert [goes_on(OnError.BY_PHASE, phase) for phase in Name] == [False, False, True, False]
    assert all(goes_on(OnError.CONTINUE, phase) for phase in Name)
    assert not any(goes_on(OnError.STOP, phase) for phase in Name)


if __name__ == "__main__":
    DOCUMENT.write_text(table(), "utf-8")
