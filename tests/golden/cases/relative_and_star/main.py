# %%
from kit import *
print(sorted(name for name in globals() if name in {"saw", "drill", "_glue", "tape", "hidden"}))
from kit.deep.inner import up
print(saw(), up())
