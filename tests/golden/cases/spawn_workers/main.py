# %%
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from jobs.square import square

def thrice(n):
    return 3 * n
# %%
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        print(list(pool.map(square, range(4))), list(pool.map(thrice, range(4))))
