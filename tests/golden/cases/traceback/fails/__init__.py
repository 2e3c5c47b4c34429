def outer(table):
    from fails.deep import inner
    return inner(table)
