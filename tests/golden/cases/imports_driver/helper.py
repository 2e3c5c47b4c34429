def use():
    from main import grow, ran
    return grow(2), ran
