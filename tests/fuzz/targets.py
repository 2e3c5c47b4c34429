"""One target per parser of outside input: its seeds, and a call that may raise nothing but the project's own errors."""

import contextlib
import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from kernelwright.bundle import notebook_diff, notebook_io, sources
from kernelwright.bundle.build import build_notebook
from kernelwright.check import notebook as notebook_check
from kernelwright.check import rehearsal_report, secrets
from kernelwright.check.run import run_checks
from kernelwright.errors import InvalidInput, KernelwrightError
from kernelwright.image import kaggle_image
from kernelwright.project import metadata, model, owner
from kernelwright.pull import edited_notebook
from kernelwright.pull import plan as plans
from kernelwright.rehearsal import evaluation, input_folder, sample, scaling_runs, tables
from kernelwright.rehearsal.forecast import stage_log
from kernelwright.rehearsal.resource_limits import Usage
from kernelwright.rehearsal.run import Outcome
from kernelwright.rehearsal.run_directory import RunDirectory, RunSpec
from kernelwright.runtime import csv_file, submission_rules
from kernelwright.runtime.submission_rules import Sample
from kernelwright.ship import client, push_log, responses
from kernelwright.ship.kernels import RemoteKernel
from kernelwright.support import hashing, ipython_syntax
from kernelwright.wheels import lockfile, requirements, wheel_file
from tests import wheelhouse
from tests.packager import shipped

REPOSITORY = Path(__file__).parents[2]
Call = Callable[[bytes], object]
NAMES = [
    "metadata",
    "pyproject",
    "edited notebook",
    "pull",
    "notebook on disk",
    "driver",
    "module",
    "check",
    "cell",
    "csv",
    "lock",
    "wheel name",
    "wheel",
    "requirements",
    "freeze",
    "image",
    "log of stages",
    "log of a run",
    "Kaggle's answers",
    "report",
    "record",
    "push log",
]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A parser under attack.

    ``share`` is its part of all inputs; ``expected`` is what it may raise beside the project's errors.
    """

    name: str
    seeds: list[bytes]
    call: Call
    share: int
    is_json: bool = False
    expected: tuple[type[Exception], ...] = ()


def make(folder: Path) -> list[Target]:
    """Make every target, its files below ``folder``."""
    project = shipped.ready(folder / "proj")
    loaded = model.load_project(project)
    built = build_notebook(loaded)
    report = _report(loaded)
    kernel = json.dumps(shipped.METADATA).encode()
    log = json.dumps([{"stream_name": "stdout", "time": 1.5, "data": f"x\n{_STAGES}\n"}]).encode()
    return [
        Target(name="metadata", seeds=[kernel, _DATASET], call=_metadata(folder), share=80, is_json=True),
        Target(name="pyproject", seeds=_pyprojects(), call=_pyproject(folder), share=100),
        Target(name="edited notebook", seeds=[built.data], call=_edited, share=60, is_json=True),
        Target(name="pull", seeds=[built.data], call=lambda data: _pull(loaded, data), share=4, is_json=True),
        Target(
            name="notebook on disk",
            seeds=[built.data],
            call=lambda data: _disk(loaded, built, data),
            share=50,
            is_json=True,
        ),
        Target(name="driver", seeds=_drivers(), call=lambda data: notebook_io.parse_driver(data, "main.py"), share=80),
        Target(name="module", seeds=_MODULES, call=lambda data: _module(loaded, data), share=40),
        Target(name="check", seeds=_MODULES, call=lambda data: _check(loaded, data), share=4),
        Target(name="cell", seeds=_CELLS, call=_cell, share=80),
        Target(name="csv", seeds=_CSV, call=_csv(folder), share=80, expected=(csv.Error,)),
        Target(name="lock", seeds=_locks(), call=_lock(folder), share=60),
        Target(name="wheel name", seeds=_WHEEL_NAMES, call=_wheel_name, share=60),
        Target(name="wheel", seeds=_wheels(folder), call=_wheel(folder), share=60),
        Target(name="requirements", seeds=_REQUIREMENTS, call=_requirements(folder), share=60),
        Target(name="freeze", seeds=[b"numpy==2.0.2\n-e x\npip @ file:///x\n"], call=_freeze, share=40),
        Target(name="image", seeds=[_IMAGE, _IMAGE + b'extends = "2026-08"\n'], call=_image(folder), share=40),
        Target(name="log of stages", seeds=[log, _STAGES.encode()], call=_log(folder), share=40, is_json=True),
        Target(name="log of a run", seeds=[log], call=_kaggle_log, share=30, is_json=True),
        Target(name="Kaggle's answers", seeds=_ANSWERS, call=_answers, share=30),
        Target(name="report", seeds=[report], call=_reports(loaded, folder), share=40, is_json=True),
        Target(name="record", seeds=_RECORDS, call=_record(loaded, folder), share=30, is_json=True),
        Target(name="push log", seeds=[_PUSH], call=_push_log(folder), share=30, is_json=True),
    ]


def images(folder: Path) -> Target:
    """Make the target that is the kernel's reader of images: TensorFlow, which it imports, takes its time."""
    import numpy as np
    from PIL import Image

    from landmarks.errors import UnreadableImage
    from landmarks.images import _read_rgb, local_pixels

    def read(file):
        for reader in (local_pixels, _read_rgb):
            with contextlib.suppress(UnreadableImage):
                reader(file)

    seeds = []
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "DDS", "EPS"):
        saved = io.BytesIO()
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)).save(saved, kind)
        seeds.append(saved.getvalue())
    return Target(name="image of a kernel", seeds=seeds, call=_file(folder / "photo.jpg", read), share=0)


def parquet(folder: Path, python: Path) -> Target:
    """Make the target whose parser is pyarrow, in a process of its own per input: few inputs, and only where it is."""
    seed = folder / "seed.parquet"
    table = "pyarrow.table({'id': [1, 2, 3], 'x': ['a', None, 'c']})"
    code = f"import sys, pyarrow.parquet; pyarrow.parquet.write_table({table}, sys.argv[1])"
    subprocess.run([python, "-c", code, seed], check=True)
    call = _file(folder / "damaged.parquet", lambda file: tables.read(file, python))
    return Target(name="parquet", seeds=[seed.read_bytes()], call=call, share=0, expected=(tables.Unreadable,))


def _file(file: Path, read: Callable[[Path], object]) -> Call:
    file.parent.mkdir(parents=True, exist_ok=True)

    def call(data):
        file.write_bytes(data)
        return read(file)

    return call


def _metadata(folder):
    def read(file):
        for action in (
            lambda: metadata.read(file.parent, file.name),
            lambda: metadata.fitting(metadata.read_raw(file.parent, file.name)),
            lambda: metadata.read_dataset(metadata.read_raw(file.parent, file.name), file.name),
        ):
            try:
                action()
            except KernelwrightError:
                continue
        owner.write(file.parent, "somebody")

    (folder / "metadata").mkdir()
    (folder / "metadata/pyproject.toml").write_text('[tool.kernelwright]\ndriver = "main.py"\n')
    return _file(folder / "metadata/kernel-metadata.json", read)


def _pyprojects():
    keys = (REPOSITORY / "docs/configuration.md").read_text("utf-8").split("```toml")[1:]
    whole = [block.split("```")[0].encode() for block in keys]
    return [
        (REPOSITORY / "pyproject.toml").read_bytes(),
        *whole,
        *(f"[tool.kernelwright]\n{k}".encode() for k in _KEYS),
    ]


def _pyproject(folder):
    (folder / "pyproject").mkdir()
    (folder / "pyproject/kernel-metadata.json").write_text(json.dumps(shipped.METADATA))

    def read(file):
        model.find_root(file.parent)
        model.load_project(file.parent)

    return _file(folder / "pyproject/pyproject.toml", read)


def _edited(data):
    edited = edited_notebook.read(data)
    hash(edited.manifest.cells)


def _pull(project, data):
    for change in plans.make_plan(project, data, force=True).changes:
        place = (project.root / change.place).resolve()
        if change.action in {"write", "delete", "conflict"} and not place.is_relative_to(project.root):
            raise AssertionError(f"{change.action} outside: {change.place}")
        assert change.diff is not None


def _disk(project, built, data):
    project.notebook.write_bytes(data)
    notebook_diff.differences(project, built)
    list(notebook_check._defects(data))


def _drivers():
    examples = [shipped.DRIVER, _MAGICS, _HEADER]
    return [(REPOSITORY / "kernel_src/main.py").read_bytes(), *(text.encode() for text in examples)]


def _cell(data):
    text = data.decode("utf-8", "replace")
    ipython_syntax.python_source(text)
    ipython_syntax.commands(text)
    ipython_syntax.syntax_tree(text)
    ipython_syntax.within_strings(text.split("\n"))
    list(secrets.in_text("main.py", text, first=1, is_python=True))
    secrets.masked(text)


def _module(project, data):
    (project.root / "toy/__init__.py").write_bytes(data)
    sources.collect(project, ["import toy"])


def _check(project, data):
    (project.root / "toy/__init__.py").write_bytes(data)
    run_checks(project.root)
    (project.root / "toy/__init__.py").write_text(shipped.MODULE)
    (project.root / "main.py").write_bytes(shipped.DRIVER.encode() + b"\n# %%\n" + data)
    run_checks(project.root)
    (project.root / "main.py").write_text(shipped.DRIVER)


def _csv(folder):
    wanted = Sample(header=["id", "x"], rows=[["a", "1"], ["b", "2"]])

    def read(file):
        csv_file.count(file)
        header, *rows = csv_file.read(file) or [[]]
        submission_rules.problems(header, rows, wanted)
        submission_rules.problems(["id", "x"], [["a", "1"]], Sample.read(file))
        sample._read_csv(file)
        shutil.copy(file, file.with_name("train.csv"))
        with contextlib.suppress(InvalidInput):
            input_folder._pad(file.parent, file.with_name("train.csv"), 9)

    return _file(folder / "csv/odd.csv", read)


def _locks():
    return [file.read_bytes() for file in sorted((REPOSITORY / "wheels").glob("pylock.*.toml"))]


def _lock(folder):
    def read(file):
        lock = lockfile.read(file)
        lockfile.write(lock)
        ranks = kaggle_image.tags_for("3.12", ("manylinux_2_35_x86_64",))
        for distribution in lock.distributions:
            distribution.best(ranks)

    return _file(folder / "lock/pylock.odd.toml", read)


def _wheel_name(data):
    wheel_file._parse_name(Path(data.decode("utf-8", "replace").replace("\x00", "0")))


def _wheels(folder):
    plain = wheelhouse.wheel(folder / "wheels", "pebble", requires=["stone>=1; extra == 'x'"], extras=["x"])
    packed = folder / "wheels/packed.whl"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    return [plain.read_bytes(), packed.read_bytes()]


def _wheel(folder):
    return _file(folder / "wheel/pebble-1.0-py3-none-any.whl", wheel_file.read)


def _requirements(folder):
    def read(file):
        wanted = requirements.read(file.parent, file.name)
        assert isinstance(wanted.lines, list)
        assert isinstance(wanted.option_lines(), list)

    return _file(folder / "requirements/requirements.in", read)


def _freeze(data):
    kaggle_image.parse_freeze(data.decode("utf-8", "replace"))


def _image(folder):
    root = folder / "image"

    def read(_):
        image = kaggle_image.load("odd", root)
        assert image.tags
        assert image.markers

    return _file(root / kaggle_image.PROJECT_IMAGES / "odd.toml", read)


def _log(folder):
    return _file(folder / "log/run.log", stage_log.stages)


def _kaggle_log(data):
    text = data.decode("utf-8", "replace")
    reply = client.Reply(printed=text, responses=responses.split(text)[1])
    stub = SimpleNamespace(call=lambda *_: reply)
    list(RemoteKernel(client=stub, ref="a/b").log())


def _answers(data):
    text = data.decode("utf-8", "replace")
    _, answers = responses.split(text)
    for answer in answers:
        assert isinstance(answer.problem, str)
        assert isinstance(answer.code, int)
        assert isinstance(answer.unreadable, str)
    client.failure("kaggle x", text, responses.without_log(text), 1, answers)


def _report(project):
    run = {
        "phase": "rerun",
        "mounts": "new",
        "verdict": "Complete",
        "detail": "",
        "seconds": 2.5,
        "cells": [{"id": "a"}],
    }
    run |= {"hosts": [], "stages": [{"name": "a", "count": 3, "seconds": 1.5, "left": 1}]}
    digest = hashing.sha256(project.notebook.read_bytes())
    claims = [{"says": "x", "holds": True, "detail": "y"}]
    return json.dumps({"notebook_sha256": digest, "state": "ended", "runs": [run], "comparison": claims}).encode()


def _reports(project, folder):
    def read(file):
        scaling_runs.rehearsed(project)
        output = input_folder.last_output(project)
        assert output is None or output.is_relative_to(project.rehearsal)
        rehearsal_report.read(project)

    call = _file(project.rehearsal / "report.json", read)

    def odd_as_none(data):
        with contextlib.suppress(ValueError):  # what `read` promises of a file that is no report
            call(data)

    return odd_as_none


def _record(project, folder):
    spec = RunSpec(directory=RunDirectory.below(folder), phase="rerun", layout="new")
    spec.directory.make()
    ended = Outcome(seconds=1.0, exception=None, usage=Usage(), notebook={"cells": []}, hosts=(), log="")

    def read(file):
        for name in ("phase.json", "stages.json"):
            shutil.copy(file, file.with_name(name))
        evaluation.evaluate(project, folder / "input", spec, "process", ended)

    return _file(folder / "record/submissions.json", read)


def _push_log(folder):
    def read(file):
        push_log.pushes(file.parent, "alice/toy-kernel")
        (file.parent / ".kernelwright").mkdir(exist_ok=True)
        shutil.copy(file, file.parent / push_log.PENDING)
        push_log.pending_step(file.parent, "alice/toy-kernel")

    return _file(folder / "pushes" / push_log.LOG, read)


_DATASET = b'{"id": "alice/my-wheels", "title": "My wheels", "licenses": [{"name": "other"}], "subtitle": "a"}'
_KEYS = [
    'driver = "main.py"\nsources = ["toy"]\nsubmission = ["a.csv", "b.zip"]\nkind = "once"\nexclude = ["**/*.ipynb"]'
]
_MAGICS = (
    '# %%\n!ls {x}\n%time y = 1\nx = !pip list\n# %% [markdown]\n# text\n# %%\n%%bash\necho 1\n# %% tags=["modules"]\n'
)
_HEADER = (
    "# ---\n# jupyter:\n#   jupytext:\n#     format_name: percent\n# ---\n\n# %% [markdown]\n# # A\n\n# %%\nx = 1\n"
)
_CELLS = [
    text.encode()
    for text in (_MAGICS, shipped.MODULE, "%%time\nkey = 'a1b2c3d4e5f6a7b8c9d0'\n", "!pip install -q x==1 \\\n  y\n")
]
_MODULES = [
    shipped.MODULE.encode(),
    _CELLS[2],
    b'import os, subprocess\nos.system("pip install x==1; cat /kaggle/input/a")\n',
]
_CSV = [b"id,x\na,1\nb,2\n", b'\xef\xbb\xbfid;x\r\na,"two\n\nlines"\r\n', "id,é\n1,ü\n".encode("latin-1"), b""]
_WHEEL_NAMES = [b"pebble-1.0-py3-none-any.whl", b"a_b-2.0.post1-1x-cp311.cp312-abi3-manylinux_2_17_x86_64.whl"]
_REQUIREMENTS = [
    b'toolz>=1,<2 # x\n--no-index\n--find-links .\nx[y]==1.*; python_version < "3.12" and (os_name == "nt")\n'
]
_IMAGE = b'python = "3.12.3"\nglibc = "2.35"\ndate = "2026-01-01"\nsource = "x"\n\n[distributions]\nnumpy = "2.0.2"\n'
_STAGES = '{"kernelwright": {"stages": [{"name": "embed", "count": 100, "seconds": 12.5, "left": 3}]}}'
_ANSWERS = [
    f"{'-' * 20}{kind}{'-' * 20}\n{head}\n\n{body}\n{'-' * 50}\n".encode()
    for kind, head, body in (
        ("Response", "200\nA: b", '{"error": {"code": 404, "message": "no"}}'),
        ("Response", "503", "<html><script>x</script>busy</html>"),
        ("Request", "GET /", ""),
    )
]
_RECORDS = [
    b'[{"file": "submission.0.csv", "after": "x", "rows": 3}]',
    b'{"name": "RERUN", "computes": true, "smoke": 0, "why": "x"}',
    b'[{"name": "a", "count": 1, "seconds": 2.0}]',
]
_PUSH = (
    b'{"event": "pushed", "kernel": "alice/toy-kernel", "version": 3, "request": "a", "notebook": "b", "commit": "c", '
    b'"changed": false, "datasets": {"alice/x": 1}, "dropped": [], "rehearsal": "complete", "at": ""}'
)
