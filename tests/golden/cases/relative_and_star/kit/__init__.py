from .power import *
from .hand import *
