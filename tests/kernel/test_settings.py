"""What the documents and the configuration say of the settings."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from landmarks import settings
from tests.mini import dataset

ROOT = Path(__file__).parents[2]
TABLES = (ROOT / "docs/seed.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(\w*Settings)\.(\w+)", TABLES)))
VALUES = re.findall(r"^\| `(.+?)`.* \| ([\d.]+)(?: \([^|]*\))? \| .*? \| `(\w*Settings)\.(\w+)`", TABLES, re.MULTILINE)


def test_the_tables_name_settings_and_their_values():
    assert (len(NAMED), len(VALUES)) == (41, 17)


@pytest.mark.parametrize(("owner", "field"), NAMED)
def test_each_setting_that_the_documents_name_is_there(owner, field):
    assert field in {one.name for one in dataclasses.fields(getattr(settings, owner))}


@pytest.mark.parametrize(("seed_name", "value", "owner", "field"), VALUES)
def test_each_constant_of_the_original_is_the_default(seed_name, value, owner, field):
    assert getattr(getattr(settings, owner), field) == pytest.approx(float(value), rel=1e-4), seed_name


def test_the_guard_is_told_the_public_rows():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["kernelwright"]["public"]
    assert known == {"landmark-recognition-2021/train.csv": {"rows": settings.PUBLIC_TRAIN_IMAGES}}
    assert dataset.PUBLIC_ROWS == settings.PUBLIC_TRAIN_IMAGES
