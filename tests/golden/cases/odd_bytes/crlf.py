TEXT = """a
b"""
