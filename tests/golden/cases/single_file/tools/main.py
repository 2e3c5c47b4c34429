# %%
import lone
print(lone.twice(21), lone.__doc__)
