"""Doc."""
# comment
from __future__ import annotations
def f(x: nowhere): ...
