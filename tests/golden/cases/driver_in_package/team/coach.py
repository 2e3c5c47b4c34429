from . import SIZE
from .player import NAME
def advice(): return NAME, SIZE
