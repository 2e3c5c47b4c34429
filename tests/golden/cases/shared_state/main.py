# %%
from shop import till, clerk
import shop.till as same
# %%
till.total = 5
clerk.sell(3)
till.log.append("driver")
print(till.total, same.total, clerk.seen(), till.log, same is till)
