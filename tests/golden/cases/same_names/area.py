UNIT = "m2"
def helper(): return UNIT
def measure(x): return f"{x * x} {helper()}"
