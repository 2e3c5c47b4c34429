# %%
import front
import os, sys
print("back" in sys.modules)
# %%
os.makedirs("elsewhere", exist_ok=True)
os.chdir("elsewhere")
print(front.go())
os.chdir("..")
os.rmdir("elsewhere")
# %%
print("back" in sys.modules)
