"""What a run finds in its environment: Kaggle's variables, a few of ours, and nothing else of the host."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.rehearsal.run_directory import SERVER_LOG, RunSpec

PROXIES = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
"""Proxies nobody listens at: for what the network guard cannot stop in a child that is not Python."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a run sees its folders: inside a sandbox at other places than outside.

    ``input`` is None where ``/kaggle/input`` is there.
    """

    home: Path
    temporary: Path
    record: Path
    notes: Path
    guard: Path
    scripts: Sequence[Path] = ()
    input: Path | None = None


def variables(spec: RunSpec, places: Places) -> dict[str, str]:
    """Return the variables of a run."""
    common = {
        "PATH": os.pathsep.join([str(spec.python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(places.home),
        "TMPDIR": str(places.temporary),
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": os.devnull,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONPATH": os.pathsep.join(map(str, [places.guard, *places.scripts])),
        "KERNELWRIGHT_RECORD": str(places.record),
        "KERNELWRIGHT_NETWORK_LOG": str(places.notes / "network.log"),
        "KAGGLE_KERNEL_RUN_TYPE": "Batch",
        "KAGGLE_URL_BASE": "https://www.kaggle.com",
    }
    rerun = {"KAGGLE_IS_COMPETITION_RERUN": "1"} if spec.phase == "rerun" else {}
    if spec.gateway:
        rerun["KERNELWRIGHT_SERVER_LOG"] = str(places.notes / SERVER_LOG)
    if places.input is None:
        return common | rerun
    redirected = {"KERNELWRIGHT_INPUT": str(places.input), "no_proxy": "localhost,127.0.0.1"}
    if spec.program:  # the name by which a gateway calls the notebook's machine is known in a sandbox alone
        redirected["KERNELWRIGHT_SERVER"] = "localhost"
    return common | rerun | redirected | PROXIES
