import pytest

from kernelwright.preflight.survey import survey
from tests.packager import shipped
from tests.packager.preflight.surveyed import found, told

METADATA = {
    "an_unknown_key": (
        {"enable_intrenet": False},
        ("warning", "enable_intrenet", "unknown key, which Kaggle's client ignores", "did you mean enable_internet?"),
    ),
    "internet_left_to_the_client": (
        {"enable_internet": None},
        (
            *("error", "enable_internet", "missing, and Kaggle's client then turns the internet on"),
            'write "enable_internet": false',
        ),
    ),
    "internet_on_in_a_competition": (
        {"enable_internet": "true"},
        (
            *("error", "enable_internet", "on, but a competition's notebook is submitted without it"),
            'write "enable_internet": false',
        ),
    ),
    "a_title_of_another_slug": (
        {"title": "Toy kernels"},
        (
            *("error", "title"),
            "'Toy kernels' becomes the slug 'toy-kernels', but id says 'toy-kernel': a new kernel lands elsewhere",
            "change one of the two",
        ),
    ),
    "a_gpu_of_no_shape": (
        {"enable_gpu": True},
        (
            *("error", "machine_shape"),
            "not set beside enable_gpu: Kaggle then chooses, and has chosen a GPU the image does not run on",
            'name one, such as "NvidiaTeslaT4", which is two of them',
        ),
    ),
    "a_p100": (
        {"enable_gpu": True, "machine_shape": "NvidiaTeslaP100"},
        (
            *("warning", "machine_shape", "NvidiaTeslaP100: the image's torch does not run on a P100"),
            'take "NvidiaTeslaT4"',
        ),
    ),
    "a_tpu_in_a_competition": (
        {"enable_tpu": True},
        ("warning", "enable_tpu", "on, but a competition's rerun has no TPU", 'write "enable_tpu": false'),
    ),
    "a_script": (
        {"code_file": "build/toy.py"},
        ("error", "code_file", "'build/toy.py' is no notebook", "name a file that ends in .ipynb"),
    ),
    "a_prefixed_source": (
        {"dataset_sources": ["alice/toy-data", "datasets/alice/more"]},
        (
            *("error", "dataset_sources[1]", "'datasets/alice/more' has the prefix of an address"),
            "leave datasets/ out",
        ),
    ),
    "a_source_attached_twice": (
        {"dataset_sources": ["alice/toy-data", "alice/toy-data"]},
        ("warning", "dataset_sources[1]", "'alice/toy-data' is attached twice", "remove one"),
    ),
    "two_sources_at_one_place": (
        {"dataset_sources": ["alice/toy-data", "bob/toy-data"]},
        (
            *("warning", "dataset_sources"),
            "alice/toy-data and bob/toy-data are mounted at one place in the older layout",
            "rename one, or attach one of them only",
        ),
    ),
    "an_unknown_pinning": (
        {"docker_image_pinning_type": "newest"},
        (
            *("error", "docker_image_pinning_type", "'newest' is not known to Kaggle's client"),
            'write "original" or "latest", or leave it out',
        ),
    ),
    "keywords_that_are_no_list": (
        {"keywords": "gpu"},
        ("error", "keywords", "should be a list of words", "write a list, or leave it out"),
    ),
    "a_public_notebook": (
        {"is_private": False},
        (
            *("warning", "is_private", "the notebook will be public, for everybody to read"),
            'write "is_private": true, unless that is meant',
        ),
    ),
}


@pytest.mark.parametrize("case", METADATA)
def test_a_rule_of_the_metadata_that_is_broken_is_told_with_its_fix(tmp_path, case):
    spoilt, (severity, key, problem, fix) = METADATA[case]
    rows = [
        (one.severity.value, one.place.removeprefix("kernel-metadata.json: "), one.problem, one.fix)
        for one in survey(shipped.make(tmp_path, **spoilt))
        if one.check == "metadata"
    ]
    assert rows == [(severity, key, problem, fix)]


def test_a_title_of_other_letters_becomes_the_slug_kaggle_makes_of_it(tmp_path):
    project = shipped.make(tmp_path, title="L'été: toy  Kernel!", id="alice/lete-toy-kernel")
    assert found(project, "metadata") == []


def test_the_placeholder_owner_is_told_wherever_it_stands_and_is_no_error(tmp_path):
    project = shipped.ready(tmp_path, id="OWNER/toy-kernel", dataset_sources=["OWNER/toy-data"])
    assert told(project) == [
        (
            *("owner", "unready", "kernel-metadata.json: dataset_sources[0]"),
            "OWNER/toy-data: OWNER is a placeholder",
        ),
        ("owner", "unready", "kernel-metadata.json: id", "OWNER/toy-kernel: OWNER is a placeholder"),
    ]


@pytest.mark.parametrize("key", ["docker_image_pinning_type", "machine_shape"])
def test_a_list_where_a_word_belongs_is_a_finding_and_no_traceback(tmp_path, key):
    shipped.make(tmp_path, **{key: ["x"]})
    assert any(key in one[2] or key in one[3] for one in told(tmp_path))
