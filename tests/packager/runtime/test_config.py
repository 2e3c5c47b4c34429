import dataclasses
import json

import pytest

from kernelwright.runtime import config


def test_without_a_file_the_defaults_hold(tmp_path):
    assert config.load(tmp_path / "kernelwright.json") == config.Config(
        competitions=(),
        submission="submission.csv",
        sample="sample_submission.csv",
        public={},
        smoke=4,
        limit_hours=12,
        files={},
        driver={},
        imports={},
        wheels={},
        wheels_dataset="",
    )


def test_the_file_lies_in_the_root_of_the_carried_tree():
    assert config.CARRIED.name == "kernelwright.json"
    assert (config.CARRIED.parent / "kernelwright/runtime/config.py").samefile(config.__file__)


def test_what_the_file_does_not_say_is_the_default(tmp_path):
    file = tmp_path / "kernelwright.json"
    file.write_text(json.dumps({"competitions": ["paintings"], "smoke": 0}))
    assert config.load(file) == config.Config(competitions=("paintings",), smoke=0)


def test_the_file_is_read_once(tmp_path):
    file = tmp_path / "kernelwright.json"
    file.write_text('{"smoke": 1}')
    first = config.load(file)
    file.write_text('{"smoke": 2}')
    assert config.load(file) is first


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.Config().smoke = 1
