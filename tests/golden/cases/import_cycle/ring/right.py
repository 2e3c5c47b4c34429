import ring.left

HERE = "right"
early = hasattr(ring.left, "HERE")

def name():
    return "right of " + ring.left.HERE

def defined_last():
    return ring.left.HERE * 2
