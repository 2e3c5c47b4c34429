"""The index that a run has attached."""

from collections.abc import Callable
from pathlib import Path

from landmarks.errors import WrongIndex
from landmarks.index.reading import NO_INDEX, Index, opened
from landmarks.index.recipe import recipe
from landmarks.results import Data
from landmarks.settings import Settings


def attached(data: Data, settings: Settings, *, models: int, find: Callable[[str], Path]) -> Index:
    """Open the index of the settings, as far as the run may use it; an empty one where they name none.

    Parameters
    ----------
    data : Data
        The gallery and the labels of the run.
    settings : Settings
        ``index``, ``index_enlarges_gallery``, and what the embeddings depend on.
    models : int
        How many models the run has.
    find : callable
        Returns the folder of a slug.

    Raises
    ------
    WrongIndex
        As `landmarks.index.reading.opened` raises it, or if a model of the settings is missing.
    """
    if settings.index is None:
        return NO_INDEX
    needed = len(settings.models) + settings.delg_global
    if models < needed:
        raise WrongIndex(f"the index {settings.index} is of {needed} models, of which {models} can be used")
    return opened(
        find(settings.index),
        recipe(settings, [find(weights.slug) for weights in settings.models]),
        gallery={photo.id for photo in data.gallery},
        labelled=data.labels,
        enlarge=settings.index_enlarges_gallery,
    )
