# %% [markdown]
# # Future
# %%
"""A docstring before it."""
from __future__ import annotations

import said, unsaid
# %%
def f(x: undefined_here) -> also_undefined: ...
print(f.__annotations__, said.f.__annotations__, unsaid.f.__annotations__)
