_private = 1
def saw(): return "saw"
tape = "tape"
