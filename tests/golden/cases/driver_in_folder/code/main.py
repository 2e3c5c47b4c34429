# %%
import neighbour
from pack import inner
print(neighbour.NAME, inner.NAME, neighbour.__name__)
print(open(__file__.replace("main.py", "note.txt")).read())
