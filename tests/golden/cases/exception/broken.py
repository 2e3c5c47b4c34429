def go():
    raise ValueError('on purpose')
