"""Resuming from the output of an earlier version of the kernel, so that training may exceed Kaggle's time limit."""

import logging
import shutil
from pathlib import Path

from kernelwright.runtime import inputs

LOGS = ("steps.csv", "epochs.csv")

log = logging.getLogger(__name__)


def copy_previous_output(slug: str, folder: Path) -> bool:
    """Copy checkpoints and logs from an attached kernel output to a folder, unless it already has checkpoints.

    Parameters
    ----------
    slug : str
        Slug of the kernel whose output may be attached.
    folder : Path
        The folder in which `landmarks.training.train` resumes.

    Returns
    -------
    bool
        Whether anything was copied.
    """
    if (folder / "checkpoints").is_dir():
        return False
    # Not `inputs.find(slug)`, which fails if the output is not attached. Before the first version, it cannot be.
    earlier = next((inputs.find(source) for source in inputs.mounted() if source.rpartition("/")[2] == slug), None)
    if not earlier:
        return False
    if not (earlier / "checkpoints").is_dir():
        log.warning("%s holds no checkpoints; training starts from the beginning", earlier)
        return False
    partial = folder / ".checkpoints.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(earlier / "checkpoints", partial)
    for name in LOGS:
        if (earlier / name).is_file():
            shutil.copyfile(earlier / name, folder / name)
    partial.rename(folder / "checkpoints")
    log.info("resuming from the checkpoints in %s", earlier)
    return True
