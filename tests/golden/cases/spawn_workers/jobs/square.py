from jobs.settings import POWER
def square(n): return n ** POWER
