NAME = 'Ann'
