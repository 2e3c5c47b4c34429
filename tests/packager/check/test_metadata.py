import pytest

from kernelwright.check.run import run_checks
from tests.packager import shipped
from tests.packager.check.surveyed import found, told

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
    "no_language": (
        {"language": None},
        ("error", "language", "missing, and Kaggle's client has no default", 'write "language": "python"'),
    ),
    "no_kernel_type": (
        {"kernel_type": None},
        ("error", "kernel_type", "missing, and Kaggle's client has no default", 'write "kernel_type": "notebook"'),
    ),
    "a_number_that_is_a_word": (
        {"id_no": "abc"},
        ("error", "id_no", "'abc' should be a whole number", "leave it out: id says enough"),
    ),
    "a_number_that_is_a_flag": (
        {"id_no": True},
        ("error", "id_no", "True should be a whole number", "leave it out: id says enough"),
    ),
    "an_image_that_is_a_number": (
        {"docker_image": 3},
        (
            *(
                "error",
                "docker_image",
                "3 should be an image of Kaggle's, such as gcr.io/kaggle-images/python@sha256:…",
            ),
            "copy it from the notebook's page, or leave it out",
        ),
    ),
    "an_image_of_somebody_else": (
        {"docker_image": "python:3.12"},
        (
            *("error", "docker_image"),
            "'python:3.12' should be an image of Kaggle's, such as gcr.io/kaggle-images/python@sha256:…",
            "copy it from the notebook's page, or leave it out",
        ),
    ),
    "a_machine_misspelt": (
        {"enable_gpu": True, "machine_shape": "NvidiaTeslaT5"},
        (
            *("warning", "machine_shape"),
            "'NvidiaTeslaT5' is not a machine we know, and Kaggle's client sends it as it is",
            "did you mean NvidiaTeslaT4?",
        ),
    ),
    "a_machine_in_other_letters": (
        {"enable_gpu": True, "machine_shape": "nvidiateslat4"},
        (
            *("warning", "machine_shape"),
            "'nvidiateslat4' is not a machine we know, and Kaggle's client sends it as it is",
            "did you mean NvidiaTeslaT4?",
        ),
    ),
    "a_prefixed_competition": (
        {"competition_sources": ["competitions/toy-competition"]},
        (
            *("error", "competition_sources[0]", "'competitions/toy-competition' has the prefix of an address"),
            "leave competitions/ out",
        ),
    ),
    "a_public_notebook_in_capitals": (
        {"is_private": "False"},
        (
            *("warning", "is_private", "the notebook will be public, for everybody to read"),
            'write "is_private": true, unless that is meant',
        ),
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
        (one.severity.value, one.location.removeprefix("kernel-metadata.json: "), one.message, one.fix)
        for one in run_checks(shipped.make(tmp_path, **spoilt))
        if one.check == "metadata"
    ]
    assert rows == [(severity, key, problem, fix)]


FORMS = {
    "an_id_without_owner": (
        {"id": "toy-kernel"},
        (
            *("id", '"toy-kernel" should be owner/slug, the slug of 5 or more letters, digits and hyphens'),
            'write "owner/slug", such as "alice/my-kernel"',
        ),
    ),
    "an_id_with_a_version": (
        {"id": "alice/toy-kernel/2"},
        (
            *("id", '"alice/toy-kernel/2" should be owner/slug, the slug of 5 or more letters, digits and hyphens'),
            'write "owner/slug", such as "alice/my-kernel"',
        ),
    ),
    "no_title": (
        {"title": None},
        ("title", "required, and missing", "write 5 to 50 characters, those of the slug in id"),
    ),
    "a_long_title": (
        {"title": "Toy kernel" * 6},
        (
            *("title", f'"{"Toy kernel" * 5}Toy ke... should have at most 50 characters'),
            "write 5 to 50 characters, those of the slug in id",
        ),
    ),
    "a_short_title": (
        {"title": "Toy"},
        ("title", '"Toy" should have at least 5 characters', "write 5 to 50 characters, those of the slug in id"),
    ),
    "a_short_slug": (
        {"id": "alice/toy"},
        (
            *("id", '"alice/toy" should be owner/slug, the slug of 5 or more letters, digits and hyphens'),
            'write "owner/slug", such as "alice/my-kernel"',
        ),
    ),
    "no_competition": (
        {"competition_sources": "toy"},
        (
            "competition_sources",
            '"toy" should be a list',
            'write a list, such as [], or leave "competition_sources" out',
        ),
    ),
    "another_language": ({"language": "r"}, ("language", "\"r\" should be 'python'", 'write "python"')),
    "language_in_capitals": ({"language": "Python"}, ("language", "\"Python\" should be 'python'", 'write "python"')),
    "a_script": ({"kernel_type": "script"}, ("kernel_type", "\"script\" should be 'notebook'", 'write "notebook"')),
    "a_flag_in_words": (
        {"is_private": "yes"},
        ("is_private", '"yes" should be true or false', "write true or false"),
    ),
    "a_flag_in_numbers": ({"enable_gpu": 1}, ("enable_gpu", "1 should be true or false", "write true or false")),
    "no_list": (
        {"dataset_sources": "alice/toy-data"},
        (
            *("dataset_sources", '"alice/toy-data" should be a list'),
            'write a list, such as [], or leave "dataset_sources" out',
        ),
    ),
    "a_dataset_of_version_0": (
        {"dataset_sources": ["alice/toy-data/0"]},
        (
            *("dataset_sources[0]", '"alice/toy-data/0" should be owner/slug or owner/slug/version'),
            'take the end of the dataset\'s address, such as "alice/my-data"',
        ),
    ),
    "a_notebook_of_no_version": (
        {"kernel_sources": ["alice/toy-more/new"]},
        (
            "kernel_sources[0]",
            '"alice/toy-more/new" should be owner/slug or owner/slug/version, the slug of 5 or more characters',
            'take the end of the notebook\'s address, such as "alice/my-kernel"',
        ),
    ),
    "a_notebook_of_a_short_name": (
        {"kernel_sources": ["alice/toy"]},
        (
            "kernel_sources[0]",
            '"alice/toy" should be owner/slug or owner/slug/version, the slug of 5 or more characters',
            'take the end of the notebook\'s address, such as "alice/my-kernel"',
        ),
    ),
    "a_model_of_no_version": (
        {"model_sources": ["google/delg/tensorFlow2/base"]},
        (
            *("model_sources[0]", '"google/delg/tensorFlow2/base" should be owner/model/framework/variation/version'),
            'write it with its version, such as "google/delg/tensorFlow2/base/1"',
        ),
    ),
    "a_competition_with_an_owner": (
        {"competition_sources": ["alice/toy"]},
        (
            *("competition_sources[0]", '"alice/toy" should be a bare slug, as in the competition\'s address'),
            "take the last part of the competition's address",
        ),
    ),
    "a_machine_that_is_a_number": (
        {"machine_shape": 4},
        ("machine_shape", "4 should be a string", 'write a name such as "NvidiaTeslaT4", or leave it out'),
    ),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_value_of_the_wrong_form_is_told_once_and_with_its_fix(tmp_path, case):
    spoilt, (key, problem, fix) = FORMS[case]
    place = f"kernel-metadata.json: {key}"
    rows = [(one.severity, one.location, one.message, one.fix) for one in run_checks(shipped.make(tmp_path, **spoilt))]
    assert rows == [("error", place, problem, fix)]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"id_no": 12345},
        {"docker_image": "gcr.io/kaggle-images/python@sha256:" + "0a" * 32, "docker_image_pinning_type": "original"},
        {"docker_image": "gcr.io/kaggle-gpu-images/python:v170"},
        {"docker_image": None},
        {"enable_gpu": "True", "machine_shape": "NvidiaTeslaT4", "keywords": ["gpu"]},
        {"machine_shape": "SomethingNew"},
        {"language": "python", "is_private": "true", "enable_internet": "False"},
    ],
)
def test_metadata_within_the_rules_is_no_finding(tmp_path, spoilt):
    rows = [one for one in run_checks(shipped.make(tmp_path, **spoilt)) if one.check in {"metadata", "project"}]
    assert rows == []


def test_what_a_rule_says_of_a_source_the_project_does_not_say_again(tmp_path):
    project = shipped.make(tmp_path, dataset_sources=["alice/toy-data", "datasets/alice/more"], code_file="toy.py")
    assert [one[2] for one in told(project)] == [
        "kernel-metadata.json: code_file",
        "kernel-metadata.json: dataset_sources[1]",
    ]


def test_sources_with_the_prefix_of_an_address_are_not_said_to_share_a_place(tmp_path):
    project = shipped.make(
        tmp_path, dataset_sources=["alice/toy-data", "datasets/alice/x-data"], kernel_sources=["code/alice/nb-five"]
    )
    assert {one.message for one in found(project, "metadata")} == {
        "'datasets/alice/x-data' has the prefix of an address",
        "'code/alice/nb-five' has the prefix of an address",
    }


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
