def mean(values): return "ours"
