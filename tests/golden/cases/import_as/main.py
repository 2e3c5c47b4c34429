# %%
import a.b.c as deep
import a.b as middle, a
print(deep.__name__, middle.__name__, a.__name__, deep.where(), a.b.c is deep)
