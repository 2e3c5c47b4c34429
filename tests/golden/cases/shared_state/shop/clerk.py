from shop import till
from shop.till import log

def sell(price):
    till.total += price
    log.append("clerk")

def seen():
    return till.total, list(log)
