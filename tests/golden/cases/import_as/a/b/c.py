import a.b as mine

def where():
    return mine.inner.__name__
