REGISTRY = {}

class Shape:
    def __init_subclass__(cls):
        REGISTRY[cls.__name__.lower()] = cls
