"""How a process ends whose work was abandoned at the deadline: at once, with the status that it would have had."""

import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join([str(ROOT), str(ROOT / "kernel_src")])
ABANDONED = """
import time
from landmarks.prefetch import iterate_until

def wait():
    time.sleep(60)
    yield 1

assert [*iterate_until(wait(), time.time() + 0.1)] == []
print("abandoned")
"""
COMPUTES = """
import time
import tensorflow as tf
from landmarks.prefetch import iterate_until

a = tf.random.normal((500, 500))

@tf.function(autograph=False)
def multiply(x):
    return tf.while_loop(lambda n, _: n < 200_000, lambda n, y: (n + 1, tf.linalg.matmul(y, a) * 1e-2), (0, x))

def compute():
    yield multiply(a)

assert [*iterate_until(compute(), time.time() + 1)] == []
print("abandoned", flush=True)
"""
LOADS = """
import time
import tensorflow as tf
from landmarks.prefetch import iterate_until

def load():
    while True:
        yield tf.keras.applications.EfficientNetB0(weights=None, input_shape=(64, 64, 3))

for number, model in enumerate(iterate_until(load(), time.time() + {seconds})):
    pass
print("abandoned", flush=True)
"""
IDS = ["computes", "loads", "loads longer"]


def run(code):
    """Return the status, what was printed, and the seconds between the last line and the end of the process."""
    environment = os.environ | {"PYTHONPATH": PATHS}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, text=True)
    line = process.stdout.readline()
    printed = time.monotonic()
    return process.wait(timeout=120), line, time.monotonic() - printed


@pytest.mark.parametrize(("then", "status"), [("", 0), ("raise LookupError", 1)])
def test_a_process_ends_at_once_with_its_own_status(then, status):
    started = time.monotonic()
    assert run(ABANDONED + then)[:2] == (status, "abandoned\n")
    assert time.monotonic() - started < 30


@pytest.mark.full
@pytest.mark.parametrize("code", [COMPUTES, LOADS.format(seconds=0.5), LOADS.format(seconds=2)], ids=IDS)
def test_a_process_that_tensorflow_still_works_in_ends_well(code):
    status, line, seconds = run(code)
    assert (status, line) == (0, "abandoned\n")
    assert seconds < 10


@pytest.mark.full
@pytest.mark.parametrize("code", [COMPUTES, LOADS.format(seconds=1)], ids=IDS[:2])
def test_a_kernel_that_tensorflow_still_works_in_executes_later_cells_and_ends_well(code, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", PATHS)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (code, "print(6 * 7)")])
    client = NotebookClient(notebook, timeout=300, kernel_name="python3")
    with client.setup_kernel(cleanup_kc=False):
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        kernel = client.km.provisioner.process
        started = time.monotonic()
        client.kc.shutdown()
        assert kernel.wait(timeout=60) == 0
        assert time.monotonic() - started < 10
    assert notebook.cells[1].outputs[0]["text"] == "42\n"
