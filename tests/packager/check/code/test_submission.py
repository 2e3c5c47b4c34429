import pytest

from tests.packager.check.code.projects import found, of_code, write

COMPETES = {"competition_sources": ["reef-fish-challenge"]}
WRITTEN = [
    "from kernelwright.runtime import submission\nsubmission.copy_sample()",
    "import pandas as pd\npd.DataFrame().to_csv('submission.csv')",
    "import polars as pl\npl.DataFrame().write_csv('/kaggle/working/submission.csv')",
    (
        "import pandas as pd\nfrom fish.out import NAME\npd.DataFrame().to_csv(NAME)\n"
        "### fish/out.py\nNAME = 'submission' + '.csv'"
    ),
    (
        "from fish.out import save\nsave()\n### fish/out.py\nfrom pathlib import Path\n"
        "def save():\n    Path('submission.csv').write_text('')"
    ),
    "import os\nopen(os.environ['OUT'], 'w')",
    "!cp a.csv submission.csv",
    "!python /kaggle/input/reef-nets/run.py",
    "import sys\nsys.path.append('/kaggle/input/reef-nets')\nimport reef_api\nreef_api.env().predict()",
    "import kaggle_evaluation.reef\nkaggle_evaluation.reef.serve()",
]


@pytest.mark.parametrize("code", WRITTEN)
def test_what_writes_the_submission_or_may_is_no_finding(tmp_path, code):
    assert [one for one in found(tmp_path, code, **COMPETES) if "KW708" in one] == []


NOT_WRITTEN = {
    "print('submission.csv')": "nothing writes submission.csv, which the competition takes",
    "import pandas as pd\npd.read_csv('submission.csv')": "nothing writes submission.csv, which the competition takes",
    "import pandas as pd\npd.DataFrame().to_csv('out.csv')": (
        "nothing writes submission.csv, which the competition takes; written: out.csv"
    ),
}


@pytest.mark.parametrize("code", NOT_WRITTEN)
def test_that_nothing_writes_the_submission_is_an_error(tmp_path, code):
    findings = [one[1:] for one in of_code(write(tmp_path, code, **COMPETES)) if one[0] == "KW708"]
    assert findings == [("error", "main.py", NOT_WRITTEN[code])]


def test_the_declared_name_is_what_has_to_be_written(tmp_path):
    code = "import pandas as pd\npd.DataFrame().to_csv('submission.csv')"
    folder = write(tmp_path, code, configuration='submission = "submission.parquet"', **COMPETES)
    assert [one[0] for one in of_code(folder)] == ["KW708"]


def test_a_kernel_of_no_competition_need_not_write_one(tmp_path):
    assert found(tmp_path, "print()") == []
