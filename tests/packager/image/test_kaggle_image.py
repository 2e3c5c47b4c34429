import pytest
from packaging.tags import parse_tag

from kernelwright.cli import app
from kernelwright.errors import InvalidImage
from kernelwright.image import kaggle_image


@pytest.fixture
def made(tmp_path):
    """Write an image's file into a project; returns the project's folder."""

    def made(text, name="mine"):
        file = tmp_path / "wheels/images" / f"{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return tmp_path

    return made


HEAD = 'python = "3.12"\nglibc = "2.35"\ndate = "2026-08-12"\nsource = "a test"\n'


MAKE = "make it with `kernelwright image NAME --from-freeze FILE`"


def test_the_image_of_2026_08_is_what_its_sources_say():
    found = kaggle_image.load("2026-08")
    held = found.distributions
    assert (found.python, found.glibc, found.provisional) == ("3.12", "2.35", False)
    assert (held["tensorflow"], held["keras"], held["numpy"], held["scikit-image"], held["ipython"]) == (
        *("2.20.0", "3.13.2", "2.0.2", "0.25.2", "7.34.0"),
    )
    assert held["jupyter-server"] == "2.12.5"  # Kaggle's own pin over the base's 2.14.0
    assert held["boruta"] == ""
    assert not {"efficientnet", "keras-applications", "pydegensac"} & set(held)


def test_the_provisional_image_is_the_other_one_on_a_newer_python():
    found, below = kaggle_image.load("2026-08-py313"), kaggle_image.load("2026-08")
    assert (found.python, found.provisional, found.distributions["numpy"]) == ("3.13", True, "2.1.3")
    assert found.distributions["tensorflow"] == below.distributions["tensorflow"]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("cp312-cp312-manylinux_2_35_x86_64", True),
        ("cp312-cp312-manylinux_2_36_x86_64", False),
        ("cp312-cp312-manylinux2014_x86_64", True),
        ("cp312-cp312-manylinux2010_x86_64", True),
        ("cp37-abi3-manylinux_2_28_x86_64", True),
        ("cp312-cp312-linux_x86_64", True),
        ("cp312-cp312-musllinux_1_2_x86_64", False),
        ("cp312-cp312-manylinux_2_17_aarch64", False),
        ("cp311-cp311-manylinux_2_17_x86_64", False),
        ("cp313-abi3-manylinux_2_17_x86_64", False),
    ],
)
def test_which_wheels_fit(tag, fits):
    assert any(one in kaggle_image.load("2026-08").tags for one in parse_tag(tag)) is fits


def test_a_newer_platform_ranks_before_an_older_one():
    (new,), (old,) = parse_tag("cp312-cp312-manylinux_2_28_x86_64"), parse_tag("cp312-cp312-manylinux_2_17_x86_64")
    ranks = kaggle_image.load("2026-08").tags
    assert ranks[new] < ranks[old]


def test_a_projects_own_image_comes_before_the_packages(made):
    root = made(HEAD + '[distributions]\nnumpy = "9.9"\n', "2026-08")
    assert dict(kaggle_image.load("2026-08", root).distributions) == {"numpy": "9.9"}


def test_an_unknown_image_names_those_there_are():
    with pytest.raises(InvalidImage) as error:
        kaggle_image.load("2020-01")
    assert str(error.value) == 'no image "2020-01"; there is: 2026-08, 2026-08-py313'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("python = ", f"mine.toml: not TOML: Invalid value (at end of document); {MAKE}"),
        (HEAD + 'extends = "mine"\n', "mine.toml: extends itself: mine extends mine; name another in extends"),
        (HEAD + 'extends = "old"\n', 'mine.toml: no image "old"; there is: 2026-08, 2026-08-py313, mine'),
        (
            HEAD.replace("2.35", "35") + "wheels = 3\n",
            "mine.toml: glibc: \"35\" should match pattern '^2\\.\\d{1,3}$'\n"
            "mine.toml: wheels: unknown key; remove it; docs/configuration.md lists the keys there are",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_told_in_full(made, text, message):
    with pytest.raises(InvalidImage) as error:
        kaggle_image.load("mine", made(text))
    assert str(error.value) == message


def test_a_version_of_5000_digits_is_none(made):
    digits = "1" * 5_000
    root = made(HEAD.replace("3.12", f"3.{digits}").replace("2.35", f"2.{digits}"))
    with pytest.raises(InvalidImage) as caught:
        kaggle_image.load("mine", root)
    assert [problem.place for problem in caught.value.problems] == ["python", "glibc"]


def test_tables_in_tables_without_end_are_one_line(made):
    with pytest.raises(InvalidImage) as error:
        kaggle_image.load("mine", made(f"{HEAD}x = {'[' * 5000}"))
    (problem,) = error.value.problems
    assert (problem.code, len(str(problem).splitlines())) == ("KW312", 1)
    assert problem.message.startswith("not TOML: ")


def test_a_folder_with_the_name_of_an_image_is_refused(tmp_path):
    (tmp_path / "wheels/images/mine.toml").mkdir(parents=True)
    with pytest.raises(InvalidImage) as error:
        kaggle_image.load("mine", tmp_path)
    assert str(error.value) == "mine.toml: cannot be read: Is a directory; put a file there"


def test_a_freeze_is_read_name_by_name():
    text = "# by pip\nNumPy==2.0.2\ntf_keras==2.20.0\nspacy @ https://example.org/spacy.whl\n-e git+here#egg=x\n"
    assert kaggle_image.parse_freeze(text) == {"numpy": "2.0.2", "spacy": "", "tf-keras": "2.20.0"}


def test_what_is_no_freeze_is_refused_with_every_line():
    with pytest.raises(InvalidImage) as error:
        kaggle_image.parse_freeze("numpy>=2\n\nscipy==1.0\n<html>\n", "f.txt")
    assert str(error.value) == (
        "f.txt:1: 'numpy>=2' is not a line of `pip freeze`\nf.txt:4: '<html>' is not a line of `pip freeze`"
    )


def test_an_empty_freeze_is_refused():
    with pytest.raises(InvalidImage) as error:
        kaggle_image.parse_freeze("\n", "f.txt")
    assert str(error.value) == "f.txt: names no distribution; take it on Kaggle with `pip freeze > f.txt`"


def test_the_command_makes_an_image_and_prints_it(tmp_path, capsys):
    freeze = tmp_path / "freeze.txt"
    freeze.write_text("numpy==2.1.3\nscipy @ file:///scipy.whl\n")
    options = ["--project", str(tmp_path)]
    app(["image", "mine", "--from-freeze", str(freeze), "--python", "3.13", *options], standalone_mode=False)
    assert capsys.readouterr().out == "wheels/images/mine.toml: 2 distributions\n"
    app(["image", "mine", *options], standalone_mode=False)
    head, *rest = capsys.readouterr().out.splitlines()
    assert head.startswith("mine: Python 3.13, glibc 2.35, taken 20")
    assert rest == ["pip freeze, freeze.txt", "", "numpy==2.1.3", "scipy"]
