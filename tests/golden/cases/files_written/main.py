# %%
import os
from pathlib import Path
import writer
writer.save("out/table.csv", "a,b\n")
Path("plain.txt").write_text("plain")
print(sorted(os.listdir(".")), writer.here())
