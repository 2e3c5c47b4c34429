# %%
import work
print(work.FAST, work.run.__annotations__, work.fallback.NAME)
