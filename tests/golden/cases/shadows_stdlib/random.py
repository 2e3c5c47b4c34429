seed_of_this_tree = 7
def randint(a, b): return 4
