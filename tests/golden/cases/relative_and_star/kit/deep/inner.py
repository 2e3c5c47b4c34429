from .. import power
from ..hand import tape, saw as cut
from . import __name__ as package

def up():
    return power.drill(), tape, cut(), package
