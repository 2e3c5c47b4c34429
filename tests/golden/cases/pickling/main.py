# %%
import pickle
from zoo.animals import Cat, make
# %%
class Mine:
    def __init__(self, n): self.n = n
cat = pickle.loads(pickle.dumps(Cat("Tom")))
print(cat.name, type(cat) is Cat, type(cat).__module__, pickle.loads(pickle.dumps(make)) is make)
print(pickle.loads(pickle.dumps(Mine(3))).n, Mine.__module__)
# %%
with open("cat.pickle", "wb") as file:
    pickle.dump(cat, file, protocol=4)
