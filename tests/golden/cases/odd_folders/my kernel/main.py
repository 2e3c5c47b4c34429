# %%
from größe import maß
from pathlib import Path
print(maß.einheit(), maß.__name__)
for path in sorted(Path(maß.__file__).parent.rglob("*.txt")):
    print(path.relative_to(Path(maß.__file__).parent).as_posix(), path.read_text(encoding="utf-8"))
