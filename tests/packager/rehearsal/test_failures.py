"""Kernels that fail as people's do, and what Kaggle would say of them."""

import pytest

from kernelwright.rehearsal import sandbox

THREW = "Notebook Threw Exception"
EXCEEDED = "Notebook Exceeded Allowed Compute"
WRITE = "open('submission.csv', 'w').write('id,answer\\na,1\\nbb,2\\nccc,3\\n')\n"

BEST = sandbox.best()
OTHER = "process" if BEST != "process" else None
NAMES = [BEST, *([pytest.param(OTHER, marks=pytest.mark.full)] if OTHER else [])]
BOTH = pytest.mark.parametrize("name", NAMES)
FULL = pytest.mark.full
"""As heavy as the others, and less likely to break alone."""
ONLY_ISOLATED = pytest.mark.skipif(BEST == "process", reason="nothing isolates a run on this machine")


@BOTH
def test_sleeping_past_the_limit_is_a_timeout_in_the_running_cell(rerun, name):
    run = rerun("# %%\nprint('before')\n# %%\nimport time\ntime.sleep(600)\n", name, hours=10 / 3600)
    assert run.verdict == "Notebook Timeout"
    assert "    time.sleep(600)" in run.detail


@BOTH
def test_allocating_past_the_memory_limit_exceeds_the_allowed_compute(rerun, name):
    source = "import time\nkept = []\nwhile True:\n    kept.append(bytearray(20_000_000))\n    time.sleep(0.02)\n"
    run = rerun(source, name, memory_bytes=600_000_000)
    assert run.verdict == EXCEEDED
    assert run.detail.startswith("ended at the memory limit, with 0.")


@FULL
@BOTH
def test_memory_of_a_child_process_counts(rerun, name):
    child = "import time; kept = bytearray(b'x') * 700_000_000; time.sleep(600)"
    run = rerun(
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])\n", name, memory_bytes=600_000_000
    )
    assert run.verdict == EXCEEDED


@BOTH
def test_filling_the_disk_exceeds_the_allowed_compute_and_a_daemon_ends_with_the_run(rerun, name, tmp_path):
    sign = f"kernelwright-daemon-{tmp_path.name}"
    command = f"[sys.executable, '-c', 'import time; time.sleep(600)', {sign!r}]"
    daemon = f"import subprocess, sys\nsubprocess.Popen({command}, start_new_session=True)\n"
    run = rerun(f"{daemon}open('big', 'wb').write(bytes(50_000_000))\n{WRITE}", name, disk_bytes=30_000_000)
    assert (run.verdict, run.detail.splitlines()[0]) == (EXCEEDED, "the working folder grew over the disk limit")
    assert not any(sign in " ".join(process.cmdline()) for process in _processes())


def _processes():
    import psutil

    return [process for process in psutil.process_iter() if process.status() != psutil.STATUS_ZOMBIE]


@BOTH
def test_a_quiet_exit_before_writing_leaves_no_submission(rerun, name):
    run = rerun("# %%\nimport sys\nsys.exit(0)\n# %%\n" + WRITE, name)
    assert run.verdict == "Submission CSV Not Found"
    assert run.detail == "submission.csv was not written\n1 cell never ran, as after sys.exit(0)"


@FULL
@BOTH
def test_a_loud_exit_is_an_exception(rerun, name):
    run = rerun("import sys\nsys.exit(1)\n", name)
    assert run.verdict == THREW
    assert "SystemExit: 1" in run.detail


@BOTH
def test_a_kernel_that_dies_is_an_exception_in_the_cell_that_ran(rerun, name):
    run = rerun("# %%\nimport os\nos._exit(0)\n# %%\n" + WRITE, name)
    assert run.verdict == THREW
    died = "the kernel died (out of memory, os._exit or a crash)"
    assert run.detail.startswith(f"{died}\n1 cell never ran\nin cell ")
    assert "    os._exit(0)" in run.detail


@FULL
@BOTH
def test_a_hard_coded_mount_is_not_found_in_the_other_layout(rerun, name):
    run = rerun("open('/kaggle/input/toy-competition/test.csv')\n", name)
    assert run.verdict == THREW
    assert "FileNotFoundError" in run.detail


@FULL
@ONLY_ISOLATED
def test_the_input_cannot_be_written(rerun):
    source = "from kernelwright.runtime import inputs\n(inputs.find('toy-data') / 'new').write_text('')\n"
    run = rerun(source)
    assert run.verdict == THREW
    assert "Read-only file system" in run.detail


SHUT_IN = """
# %%
import os, socket, urllib.request
from kernelwright.runtime import inputs

print([name for name in os.environ if "KEY" in name], os.path.exists(os.path.expanduser("~/.kaggle")))
print((inputs.find("toy-competition") / "truth.csv").exists())
for attempt in (
    lambda: urllib.request.urlopen("http://user@url.example.org:8080/x"),
    lambda: socket.create_connection(("192.0.2.1", 80), 5),
    lambda: socket.getaddrinfo("dns.example.org", 80),
):
    try:
        attempt()
    except OSError as error:
        print(error)
raise ValueError("seen")
"""


@BOTH
def test_nothing_of_the_host_the_truth_or_the_network_is_in_reach_and_the_failing_cell_is_shown(
    rerun, name, monkeypatch, tmp_path
):
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / "kaggle.json").write_text("secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    run = rerun(SHUT_IN, name)
    hosts = ("url.example.org", "192.0.2.1", "dns.example.org")
    assert (run.verdict, run.hosts) == (THREW, hosts)
    assert run.detail.splitlines()[0] == f"the network was asked for: {', '.join(hosts)}"
    assert run.detail.count("Network is unreachable") >= len(hosts)
    assert "  | [] False\n  | False\n" in run.detail
    assert "    import os, socket, urllib.request\n" in run.detail
    assert run.detail.endswith("  ! ValueError: seen")
    assert "\x1b" not in run.detail


@FULL
@BOTH
def test_pip_finds_no_index(rerun, name):
    options = "'--retries', '0', '--target', 'x', '--index-url', 'https://index.example.org/simple'"
    command = f"[sys.executable, '-m', 'pip', 'install', {options}, 'six']"
    run = rerun(f"import subprocess, sys\nsubprocess.run({command}, check=True)\n", name)
    assert run.verdict == THREW
    assert "CalledProcessError" in run.detail
    if name != "process":  # else pip asks a proxy that is not there
        assert run.detail.splitlines()[0] == "the network was asked for: index.example.org"


@FULL
@ONLY_ISOLATED
def test_files_of_the_host_are_not_there(rerun, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    run = rerun(f"open({str(secret)!r}).read()\n")
    assert run.verdict == THREW
    assert "FileNotFoundError" in run.detail
