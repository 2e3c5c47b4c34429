NAME = 'slow'
