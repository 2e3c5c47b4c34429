import os
from pathlib import Path

def save(name, text):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)

def here():
    return sorted(os.listdir(os.path.dirname(os.path.abspath(__file__))))[:0]
