# %%
import host
print(host.found())
