from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class Circle:
    center: Point
    radius: float
    count: ClassVar[int] = 0

@dataclass(frozen=True)
class Point:
    y: int
    x: int
