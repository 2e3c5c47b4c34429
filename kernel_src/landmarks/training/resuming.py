"""Takes over what an earlier version of the kernel left, so that a training may be longer than Kaggle lets it run."""

import logging
import shutil
from pathlib import Path

from kernelwright.runtime import inputs

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
    # Not `inputs.find(slug)`: it would have to be attached always, and before its first version it cannot be.
    earlier = next((inputs.find(source) for source in inputs.mounted() if source.rpartition("/")[2] == slug), None)
    if not earlier:
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
