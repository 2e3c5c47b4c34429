# %%
import lazy
from lazy import answer
print(answer, lazy.question, "answer" in dir(lazy))
try:
    lazy.nothing
except AttributeError as error:
    print(error)
