# %%
import space.one, space.inner.two
print(space.one.NAME, space.inner.two.NAME, space.__file__ if hasattr(space, "__file__") else None, len(space.__path__))
