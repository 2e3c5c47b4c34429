class Cat:
    def __init__(self, name): self.name = name

def make(): return Cat("new")
