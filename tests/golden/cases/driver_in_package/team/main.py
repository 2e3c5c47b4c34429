# %%
from . import player
from .coach import advice
from .sub.bench import seats
# %%
print(player.NAME, advice(), seats, __package__, __name__)
if __name__ == "__main__":
    print("guarded")
