# %%
import farm
print(farm.tool())
