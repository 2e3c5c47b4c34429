total = 0
log = []
