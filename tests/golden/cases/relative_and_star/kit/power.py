__all__ = ["drill", "_glue"]
_glue = 1
hidden = 2
def drill(): return "drill"
