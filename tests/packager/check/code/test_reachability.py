"""Which code runs: the same download, wherever it stands."""

import pytest

from tests.packager.check.code.projects import found, of_code, write

GET = "import nltk\n"
CERTAIN = {
    "a_cell": ("import nltk\nnltk.download('punkt')", "main.py:3"),
    "a_function_that_is_called": ("import nltk\ndef get():\n    nltk.download('punkt')\nget()", "main.py:4"),
    "a_chain_of_calls": (
        "from fish import nets\nnets.run()\n### fish/nets.py\nfrom fish.low import get\ndef run():\n    get()\n"
        "### fish/low.py\nimport nltk\ndef get():\n    nltk.download('punkt')",
        "fish/low.py:3",
    ),
    "a_module_that_is_imported": (
        "import fish.nets\n### fish/nets.py\nimport nltk\nnltk.download('x')",
        "fish/nets.py:2",
    ),
    "a_package_above_a_module": (
        "import fish.nets\n### fish/__init__.py\nimport nltk\nnltk.download('x')\n### fish/nets.py\n",
        "fish/__init__.py:2",
    ),
    "a_class_that_is_called": (
        "import nltk\nclass Net:\n    def __init__(self):\n        nltk.download('x')\nNet()",
        "main.py:5",
    ),
    "a_method_of_what_is_made_here": (
        "import nltk\nclass Net:\n    def get(self):\n        nltk.download('x')\nnet = Net()\nnet.get()",
        "main.py:5",
    ),
    "a_method_by_self": (
        "import nltk\nclass Net:\n    def __init__(self):\n        self.get()\n    def get(self):\n"
        "        nltk.download('x')\nNet()",
        "main.py:7",
    ),
    "a_function_passed_on_by_the_package": (
        "from fish import get\nget()\n### fish/__init__.py\nfrom .low import get\n### fish/low.py\nimport nltk\n"
        "def get():\n    nltk.download('x')",
        "fish/low.py:3",
    ),
    "the_drivers_main_guard": ("import nltk\nif __name__ == '__main__':\n    nltk.download('x')", "main.py:4"),
    "a_constant_that_is_true": ("import nltk\nFETCH = True\nif FETCH:\n    nltk.download('x')", "main.py:5"),
    "what_the_rerun_alone_runs": (
        "import nltk\nfrom kernelwright.runtime import phase\nrun = phase.detect()\nif run.computes:\n"
        "    nltk.download('x')",
        "main.py:6",
    ),
    "what_is_for_kaggle": ("import nltk, os\nif 'KAGGLE_URL_BASE' in os.environ:\n    nltk.download('x')", "main.py:4"),
    "what_follows_a_raise_under_a_condition": (
        "import nltk\ndef get(x):\n    if not x:\n        raise ValueError\n    nltk.download('x')\nget(open)",
        "main.py:6",
    ),
    "a_loop": ("import nltk\nfor name in ('a', 'b'):\n    nltk.download(name)", "main.py:4"),
    "a_try_without_handlers": ("import nltk\ntry:\n    nltk.download('x')\nfinally:\n    pass", "main.py:4"),
}


@pytest.mark.parametrize("case", CERTAIN)
def test_what_certainly_runs_is_an_error(tmp_path, case):
    code, place = CERTAIN[case]
    assert found(tmp_path, code) == [f"KW501 error {place}"]


DOUBTED = {
    "a_module_nobody_imports": (
        "print()\n### fish/nets.py\nimport nltk\nnltk.download('x')",
        "fish/nets.py:2",
        "nothing that certainly runs imports the file",
    ),
    "a_function_nobody_calls": (
        "import nltk\ndef get():\n    nltk.download('x')",
        "main.py:4",
        "nothing that certainly runs calls its function by name",
    ),
    "a_function_of_the_same_name": (
        "from fish.low import get\nget()\n### fish/low.py\ndef get():\n    pass\n### fish/nets.py\nimport nltk\n"
        "def get():\n    nltk.download('x')",
        "fish/nets.py:3",
        "nothing that certainly runs calls its function by name",
    ),
    "a_function_that_is_handed_on": (
        "import nltk\ndef get():\n    nltk.download('x')\nMAKERS = {'a': get}",
        "main.py:4",
        "nothing that certainly runs calls its function by name",
    ),
    "a_condition": (
        "import nltk, sys\nif len(sys.path) > 3:\n    nltk.download('x')",
        "main.py:4",
        "it hangs on a condition that only the run decides",
    ),
    "a_try": (
        "import nltk\ntry:\n    nltk.download('x')\nexcept OSError:\n    pass",
        "main.py:4",
        "it is under a try, which goes on without it",
    ),
    "a_handler": (
        "import nltk\ntry:\n    print()\nexcept OSError:\n    nltk.download('x')",
        "main.py:6",
        "it is under a try, which goes on without it",
    ),
    "suppress": (
        "import contextlib, nltk\nwith contextlib.suppress(OSError):\n    nltk.download('x')",
        "main.py:4",
        "it is under a try, which goes on without it",
    ),
    "after_an_early_return": (
        "import nltk\ndef get(x):\n    if x:\n        return\n    nltk.download('x')\nget(open('a'))",
        "main.py:6",
        "it hangs on a condition that only the run decides",
    ),
    "a_lambda": (
        "import nltk\nget = lambda: nltk.download('x')",
        "main.py:3",
        "nothing that certainly runs calls its function by name",
    ),
    "a_method_only_the_run_may_call": (
        "import nltk\nclass Net:\n    def forward(self):\n        nltk.download('x')\nNet()",
        "main.py:5",
        "nothing that certainly runs calls its function by name",
    ),
    "an_import_in_a_function_nobody_calls": (
        "def train():\n    import fish.nets\n### fish/nets.py\nimport nltk\nnltk.download('x')",
        "fish/nets.py:2",
        "nothing that certainly runs imports the file",
    ),
    "the_main_function_of_a_module": (
        "import fish.nets\n### fish/nets.py\nimport nltk\ndef main():\n    nltk.download('x')\n"
        "if __name__ == '__main__':\n    main()",
        "fish/nets.py:3",
        "nothing that certainly runs calls its function by name",
    ),
}


@pytest.mark.parametrize("case", DOUBTED)
def test_what_may_not_run_is_a_warning_that_says_why(tmp_path, case):
    code, place, why = DOUBTED[case]
    (finding,) = (one for one in of_code(write(tmp_path, code)) if one[0] == "KW501")
    assert finding[1:3] == ("warning", place)
    assert finding[3].endswith(f"(only a warning: {why})")


DEAD = {
    "a_constant_that_is_false": "FETCH = False\nif FETCH:\n    nltk.download('x')",
    "the_other_branch": "FETCH = True\nif FETCH:\n    pass\nelse:\n    nltk.download('x')",
    "off_kaggle": "import os\nif not os.path.exists('/kaggle/working'):\n    nltk.download('x')",
    "off_kaggle_by_a_name": "import os\nON = os.path.isdir('/kaggle/input')\nif not ON:\n    nltk.download('x')",
    "off_kaggle_by_a_variable": "import os\nif os.getenv('KAGGLE_URL_BASE') is None:\n    nltk.download('x')",
    "on_colab": "import sys\nif 'google.colab' in sys.modules:\n    nltk.download('x')",
    "after_an_unconditional_return": "def get():\n    return\n    nltk.download('x')\nget()",
    "a_parameter_left_at_false": "def get(fetch=False):\n    if fetch:\n        nltk.download('x')\nget()",
    "what_the_author_vouches_for": "nltk.download('x')  # kernelwright: allow",
}


@pytest.mark.parametrize("case", DEAD)
def test_what_never_runs_is_no_finding(tmp_path, case):
    assert found(tmp_path, f"import nltk\n{DEAD[case]}") == []


def test_what_a_file_does_for_one_reason_is_one_warning(tmp_path):
    code = "print()\n### fish/get.py\nimport nltk\nnltk.download('a')\nimport wandb\nwandb.login()\nnltk.download('b')"
    findings = [one[:3] for one in of_code(write(tmp_path, code))]
    assert findings == [("KW501", "warning", "fish/get.py:2"), ("KW501", "warning", "fish/get.py:4")]


def test_code_nested_deeper_than_python_goes_is_no_traceback(tmp_path):
    deep = f"x = {'(' * 90}1{')' * 90}\ny = {' + '.join(['x'] * 3000)}\nz = {'-' * 3000}1"
    assert found(tmp_path, deep) == []


def test_values_that_grow_with_each_line_are_given_up(tmp_path):
    lines = "\n".join(f"a{i + 1} = a{i} + a{i}" for i in range(60))
    assert found(tmp_path, f"a0 = 'x'\n{lines}\nopen(a60)") == []
