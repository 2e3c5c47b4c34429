"""The notebooks of the corpus: percent scripts in ``corpus/``, written as an editor saves a notebook."""

import json
from pathlib import Path

from kernelwright.adopt.convert import convert
from kernelwright.adopt.original import read
from kernelwright.bundle import notebook_io
from kernelwright.support import atomic_files

CORPUS = Path(__file__).with_name("corpus")
NAMES = sorted(file.stem for file in CORPUS.glob("*.txt"))
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def notebook(name):
    """Return a notebook of the corpus with outputs, an attachment, and the metadata that Kaggle leaves."""
    cells = []
    for number, cell in enumerate(notebook_io.parse_driver((CORPUS / f"{name}.txt").read_bytes(), name)):
        node = {"cell_type": cell.kind, "id": f"r{number}", "metadata": dict(cell.metadata), "source": cell.source}
        if cell.kind == "code":
            text = {"output_type": "stream", "name": "stdout", "text": ["an old run\n"]}
            node |= {"execution_count": number, "outputs": [text]}
            node["metadata"]["execution"] = {"iopub.status.busy": f"2024-01-01T00:00:{number:02}"}
        elif not number:
            node["source"] += "\n\n![pixel](attachment:pixel.png)"
            node["attachments"] = {"pixel.png": {"image/png": PIXEL}}
        cells.append(node)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}).encode()


def converted(name, folder, **options):
    """Write a notebook into a folder and convert it to a project beside it; return conversion and project's folder."""
    file = folder / f"{name}.ipynb"
    file.write_bytes(notebook(name))
    project = folder / f"{name}-project"
    conversion = convert(read(str(file)), project.name, **options)
    atomic_files.replace_all({project / path: data for path, data in conversion.files.items()})
    return conversion, project
