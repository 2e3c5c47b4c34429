"""The environment variables of a run: Kaggle's, a few of ours, and no others of the host."""

import os
from collections.abc import Callable
from pathlib import Path

from kernelwright.rehearsal.run_directory import EVALUATION, SERVER_LOG, RunSpec

GUARD = Path(__file__).with_name("network_guard")
PROXIES = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
"""Proxies at a port where nobody listens. They stop most programs that are not Python, which the guard cannot stop."""


def variables(spec: RunSpec, inside: Callable[[Path], str], *, is_isolated: bool) -> dict[str, str]:
    """Return the environment variables of a run, in which a path of the host is seen as ``inside(path)``."""
    directory = spec.directory
    scripts = [folder for folder, _ in spec.mounts if folder.is_relative_to(directory.scripts)]
    # Kaggle puts the folder of a competition's kaggle_evaluation on Python's path, so kernels import it by name.
    evaluation = [folder for folder, _ in spec.mounts if (folder / EVALUATION).is_dir()]
    importable = dict.fromkeys(map(inside, (GUARD, *scripts, *evaluation)))
    variables = {
        "PATH": os.pathsep.join([inside(spec.python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": inside(directory.scratch / "home"),
        "TMPDIR": inside(directory.scratch / "tmp"),
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": os.devnull,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONPATH": os.pathsep.join(importable),
        "KERNELWRIGHT_RECORD": inside(directory.record),
        "KERNELWRIGHT_NETWORK_LOG": inside(directory.notes / "network.log"),
        "KAGGLE_KERNEL_RUN_TYPE": "Batch",
        "KAGGLE_URL_BASE": "https://www.kaggle.com",
    }
    if spec.phase == "rerun":
        variables["KAGGLE_IS_COMPETITION_RERUN"] = "1"
    if spec.gateway:
        variables["KERNELWRIGHT_SERVER_LOG"] = inside(directory.notes / SERVER_LOG)
    if is_isolated:
        return variables
    if spec.program:  # without a sandbox, no hosts file has the name by which a gateway addresses the notebook
        variables["KERNELWRIGHT_SERVER"] = "localhost"
    return variables | PROXIES | {"KERNELWRIGHT_INPUT": str(directory.input), "no_proxy": "localhost,127.0.0.1"}
