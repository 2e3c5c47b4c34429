# %%
import importlib
import counter
first = counter.token
counter.extra = 1
# %%
again = importlib.reload(counter)
print(again is counter, counter.token is first, counter.extra, counter.loads)
