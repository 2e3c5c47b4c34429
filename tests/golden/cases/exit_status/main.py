# %%
from end import finish
print("before")
# %%
finish()
# %%
print("never")
