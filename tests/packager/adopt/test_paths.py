import pytest

from kernelwright.adopt import paths


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "d = read_csv('/kaggle/input/titanic/train.csv')\n",
            "d = read_csv(f'{inputs.find(\"titanic\")}/train.csv')\n",
        ),
        ('open("../input/a-b/x/y.txt", "r")\n', 'open(f"{inputs.find(\'a-b\')}/x/y.txt", "r")\n'),
        (
            "read_csv(filepath_or_buffer='/kaggle/input/a/b')\n",
            "read_csv(filepath_or_buffer=f'{inputs.find(\"a\")}/b')\n",
        ),
        ("os.listdir('/kaggle/input/titanic/')\n", "os.listdir(f'{inputs.find(\"titanic\")}/')\n"),
        ("open('/kaggle/input/competitions/titanic/a')\n", "open(f'{inputs.find(\"titanic\")}/a')\n"),
        ("open('/kaggle/input/datasets/me/data/a')\n", "open(f'{inputs.find(\"me/data\")}/a')\n"),
    ],
)
def test_a_literal_read_goes_through_find(before, after):
    assert paths.through_find(before, "inputs") == after


@pytest.mark.parametrize(
    "text",
    [
        "PATH = '/kaggle/input/titanic/train.csv'\n",  # no read
        "os.walk('/kaggle/input')\n",  # no source
        "open('/kaggle/input/' + name)\n",
        "open(f'/kaggle/input/{name}/a')\n",
        "d = '/kaggle/input/a'\nopen('éééééé'\n  '/b.csvx' )\n",  # over two lines
        "open(b'/kaggle/input/titanic/a')\n",
        "try:\n    open('/kaggle/input/titanic/a')\nexcept OSError:\n    pass\n",
        "f\"{open('/kaggle/input/titanic/a')}\"\n",  # before Python 3.12 an f-string cannot hold one with its quotes
        "try:\n    open('/kaggle/input/titanic/a')\nexcept* OSError:\n    pass\n",
        "open('/kaggle/input/gemma/pytorch/2b/1/model')\n",  # a model: its folder differs between the layouts
        "os.path.exists('/kaggle/input/titanic/a')\n",
    ],
)
def test_any_other_mention_keeps_its_bytes(text):
    assert paths.through_find(text, "inputs") == text
