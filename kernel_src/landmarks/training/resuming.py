"""Takes over what an earlier version of the kernel left, so that a training may be longer than Kaggle lets it run."""

import logging
import shutil
from pathlib import Path

from kernelwright.runtime import inputs
from kernelwright.runtime.errors import InputNotFound

NEEDED = ("checkpoints", "steps.csv", "epochs.csv")

log = logging.getLogger(__name__)


def take_over(slug: str, folder: Path) -> bool:
    """Copy checkpoints and logs of an attached output into the folder, unless it has checkpoints of its own.

    Parameters
    ----------
    slug : str
        Of the kernel whose output may be attached.
    folder : Path
        Where `landmarks.training.train` will go on.

    Returns
    -------
    bool
        Whether something was taken over.
    """
    if (folder / "checkpoints").is_dir():
        return False
    try:
        earlier = inputs.find(slug)
    except InputNotFound:
        return False
    if not (earlier / "checkpoints").is_dir():
        log.warning("%s holds no checkpoints; the training begins anew", earlier)
        return False
    partial = folder / ".checkpoints.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(earlier / "checkpoints", partial)
    for name in NEEDED[1:]:
        if (earlier / name).is_file():
            shutil.copyfile(earlier / name, folder / name)
    partial.rename(folder / "checkpoints")
    log.info("going on from the checkpoints in %s", earlier)
    return True
