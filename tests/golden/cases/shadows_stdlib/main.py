# %%
import statistics, random, string as _
import game
print(statistics.mean([1, 2]), game.roll(), random.seed_of_this_tree)
