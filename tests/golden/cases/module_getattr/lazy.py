def __getattr__(name):
    if name in {"answer", "question"}:
        return name.upper()
    raise AttributeError(f"no {name}")

def __dir__():
    return ["answer", "question"]
