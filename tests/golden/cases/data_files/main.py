# %%
import hashlib
from pathlib import Path
from store import read
print(read.by_resources(), read.by_file(), hashlib.sha256(read.binary()).hexdigest())
print((Path(__file__).parent / "store" / "words.txt").read_text(encoding="utf-8"), Path(__file__).name)
