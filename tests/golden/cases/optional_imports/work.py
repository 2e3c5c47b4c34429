from __future__ import annotations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Thing
try:
    import not_installed_anywhere as fast
    FAST = True
except ImportError:
    import slow as fallback
    FAST = False

def run(thing: Thing) -> None: ...
