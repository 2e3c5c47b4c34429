"""Doc."""

# A comment that stays.
def f(x):
    # inside
    return "a   b"   # after


class C:
    def m(self): return 1
