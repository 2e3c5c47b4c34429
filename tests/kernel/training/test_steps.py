"""A step: the same on one device and on two, and close to it in half precision."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("steps_on_devices.py")


def steps(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "kernel_src"), str(ROOT)])}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize(("sampled", "accumulate"), [(0, 1), (12, 2)])
def test_two_devices_take_the_steps_of_one_at_the_same_batch(sampled, accumulate):
    alone, shared = (steps(devices, "float32", sampled, accumulate) for devices in (1, 2))
    assert (alone["devices"], shared["devices"]) == (1, 2)
    assert (alone["traces"], shared["traces"]) == (1, 1)
    np.testing.assert_allclose(shared["losses"], alone["losses"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_begins_as_full_precision_does(policy):
    half, full = (steps(1, precision, 0, 1)["losses"] for precision in (policy, "float32"))
    np.testing.assert_allclose(half[0], full[0], rtol=0.01)
    assert np.isfinite(half).all()
