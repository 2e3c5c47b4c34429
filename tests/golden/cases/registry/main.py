# %%
import shapes.all
from shapes.base import REGISTRY, Shape
print(sorted(REGISTRY), sorted(cls.__name__ for cls in Shape.__subclasses__()))
