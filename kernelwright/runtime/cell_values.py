"""What a scorer that reads a table with pandas makes of one cell."""

import re
from collections.abc import Collection

NULL = re.compile(r"#N/A( N/A)?|#NA|-?1\.#(IND|QNAN)|-?(NaN|nan)|<NA>|N/A|n/a|NA|NULL|null|None")
"""Texts that pandas reads as NaN by default; an empty cell is left to the competition, since some ask for it."""
_NULL_VALUES = frozenset({"none", "nan", "nat", "<na>", "--"})


def is_null(cell: object, allowed: Collection[str] = ()) -> bool:
    """Return whether a cell is read as NaN; ``allowed`` are the texts that the sample has for values there."""
    if isinstance(cell, str):
        return NULL.fullmatch(cell.strip()) is not None and cell.strip() not in allowed
    return str(cell).lower() in _NULL_VALUES  # None, and the NaN of numpy, pandas and Python


def is_opaque(cell: object) -> bool:
    """Return whether a cell would be written as Python shows it: ``b'x'``, ``[0. 0. ...]``, ``<object at 0x7f…>``."""
    shown = type(cell).__repr__ is object.__repr__ and type(cell).__str__ is object.__str__
    return shown or isinstance(cell, bytes | bytearray | memoryview) or getattr(cell, "ndim", 0) > 0


def is_number(cell: object) -> bool:
    """Return whether a cell is a number, or several with blanks between them."""
    try:
        return bool([float(part) for part in str(cell).split()])
    except ValueError:
        return False
