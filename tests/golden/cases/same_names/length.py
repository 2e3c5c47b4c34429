UNIT = "m"
def helper(): return UNIT
def measure(x): return f"{x} {helper()}"
