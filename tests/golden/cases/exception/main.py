# %%
import broken
print('before')
# %%
broken.go()
# %%
print('never')
