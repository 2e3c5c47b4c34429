TEXT = """
>>> 1 + 1
In [1]: 2
... 3

%matplotlib {inline} $HOME
# %% not a cell
!ls ''''
"""
