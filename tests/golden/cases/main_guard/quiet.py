NAME = __name__
if __name__ == "__main__":
    raise SystemExit("BAD: a module ran as main")
