# %% [markdown]
# # Cycle
# %%
from ring import left, right
print(left.name(), right.name())
print(left.late(), right.early)
