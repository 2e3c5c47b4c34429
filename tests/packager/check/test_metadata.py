"""The rules of kernel-metadata.json, each by its code, place and severity."""

import json

import pytest

from kernelwright.check import metadata
from kernelwright.check.context import Files
from kernelwright.check.finding import Finding
from kernelwright.project.model import METADATA
from tests.packager import shipped

RULES = (metadata.owner, metadata.keys, metadata.title, metadata.visibility, metadata.machine, metadata.sources)


def findings(folder, **changes):
    """Return what the rules find in the metadata of a good kernel, changed; a key given as None is left out."""
    values = {key: value for key, value in (shipped.METADATA | changes).items() if value is not None}
    (folder / METADATA).write_text(json.dumps(values), "utf-8")
    files = Files(root=folder, metadata=METADATA)
    return [Finding.of(problem, "metadata") for rule in RULES for problem in rule(files)]


def codes(folder, **changes):
    return [(finding.code, finding.severity.value, finding.place) for finding in findings(folder, **changes)]


@pytest.mark.parametrize(
    ("changes", "code", "severity", "place"),
    [
        ({"enable_intrenet": False}, "KW101", "warning", "enable_intrenet"),
        ({"id": "OWNER/toy-kernel"}, "KW102", "unready", "id"),
        ({"dataset_sources": ["OWNER/toy-data"]}, "KW102", "unready", "dataset_sources[0]"),
        ({"language": None}, "KW103", "error", "language"),
        ({"kernel_type": None}, "KW103", "error", "kernel_type"),
        ({"title": "Toy kernels"}, "KW104", "error", "title"),
        ({"enable_internet": None}, "KW105", "error", "enable_internet"),
        ({"enable_internet": "true"}, "KW106", "error", "enable_internet"),
        ({"enable_gpu": True}, "KW107", "error", "machine_shape"),
        ({"enable_gpu": True, "machine_shape": "NvidiaTeslaP100"}, "KW108", "warning", "machine_shape"),
        ({"enable_gpu": True, "machine_shape": "NvidiaTeslaT5"}, "KW109", "warning", "machine_shape"),
        ({"enable_gpu": True, "machine_shape": "nvidiateslat4"}, "KW109", "warning", "machine_shape"),
        ({"is_private": False}, "KW110", "warning", "is_private"),
        ({"is_private": "False"}, "KW110", "warning", "is_private"),
        ({"enable_tpu": True}, "KW111", "warning", "enable_tpu"),
        ({"dataset_sources": ["alice/toy-data"] * 2}, "KW112", "warning", "dataset_sources[1]"),
        ({"dataset_sources": ["alice/toy-data", "bob/toy-data/2"]}, "KW113", "warning", "dataset_sources[1]"),
        ({"kernel_sources": ["alice/toy-competition"]}, "KW113", "warning", "kernel_sources[0]"),
    ],
)
def test_a_rule_that_is_broken_has_its_code_severity_and_place(tmp_path, changes, code, severity, place):
    assert codes(tmp_path, **changes) == [(code, severity, place)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id_no": 12345, "keywords": ["gpu"], "docker_image": None},
        {"docker_image": "gcr.io/kaggle-images/python@sha256:" + "0a" * 32, "docker_image_pinning_type": "original"},
        {"enable_gpu": "True", "machine_shape": "NvidiaTeslaT4"},
        {"machine_shape": "TpuV6E8"},
        {"is_private": "true", "enable_internet": "False"},
        {"enable_internet": True, "competition_sources": []},
        {"title": "L'été: toy  Kernel!", "id": "alice/lete-toy-kernel"},
    ],
)
def test_metadata_within_the_rules_has_no_finding(tmp_path, changes):
    assert findings(tmp_path, **changes) == []


def test_a_value_of_the_wrong_form_keeps_no_other_rule_from_being_checked(tmp_path):
    broken = {"machine_shape": 4, "title": ["x"], "id": "toy", "dataset_sources": "alice/toy-data", "is_private": False}
    assert codes(tmp_path, **broken) == [("KW110", "warning", "is_private")]


@pytest.mark.parametrize("text", ["", "[]", "{", "\ufeff{}"])
def test_of_a_file_that_cannot_be_read_the_rules_say_nothing(tmp_path, text):
    (tmp_path / METADATA).write_text(text, "utf-8")
    files = Files(root=tmp_path, metadata=METADATA)
    assert [problem for rule in RULES for problem in rule(files)] == []


def test_an_unknown_machine_is_told_the_list_with_its_date_and_never_another_machine(tmp_path):
    (finding,) = findings(tmp_path, machine_shape="NvidiaTeslaT5")
    assert finding.message.startswith(
        "'NvidiaTeslaT5' is not in the client's list of September 2026, and is sent as it is: NvidiaTeslaT4, "
    )
    assert finding.fix == "correct it, or put KW109 into ignore if Kaggle has it by now"


@pytest.mark.parametrize(("key", "fix"), [("enable_intrenet", "did you mean enable_internet?"), ("zz", "remove it")])
def test_an_unknown_key_is_told_the_key_it_resembles(tmp_path, key, fix):
    (finding,) = findings(tmp_path, **{key: 1})
    assert (finding.message, finding.fix) == ("unknown key, which Kaggle's client ignores", fix)


def test_the_slug_of_a_title_is_named(tmp_path):
    (finding,) = findings(tmp_path, title="Toy kernels")
    assert finding.message == (
        "'Toy kernels' becomes the slug 'toy-kernels', but id says 'toy-kernel': a new kernel lands elsewhere"
    )
