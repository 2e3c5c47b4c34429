# %%
from helper import total
print(total())
