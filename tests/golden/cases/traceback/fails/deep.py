# one
# two
def inner(table):
    return table[
        "missing"]
