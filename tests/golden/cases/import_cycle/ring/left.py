from . import right

def name():
    return "left of " + right.HERE

def late():
    return right.defined_last()

HERE = "left"
