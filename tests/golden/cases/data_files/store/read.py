import json
from importlib import resources
from pathlib import Path

def by_resources():
    words = resources.files("store").joinpath("words.txt").read_text("utf-8")
    with resources.as_file(resources.files("store") / "deep" / "table.json") as path:
        return words.split(), json.loads(path.read_text())

def by_file():
    folder = Path(__file__).parent
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")

def binary():
    return resources.files("store").joinpath("blob.bin").read_bytes()
