# %%
from __future__ import annotations
import dataclasses, typing
from dataclasses import dataclass
from shapes import Circle, Point
# %%
@dataclass
class Mine:
    at: Point
    n: typing.ClassVar[int] = 3
print(Circle(Point(1, 2), 3.0), typing.get_type_hints(Circle)["center"] is Point)
print([field.name for field in dataclasses.fields(Mine)], typing.get_type_hints(Mine)["at"] is Point)
