"""Small wheels and sdists, made on the spot."""

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def wheel(folder, name, version="1.0", tags="py3-none-any", requires=(), files=None, extras=()):
    """Write a wheel with one module, ``name``; return its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tags}.whl"
    headers = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT"]
    headers += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {one}" for one in requires]
    info = f"{name}-{version}.dist-info"
    held = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": "\n".join(headers) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        + "".join(f"Tag: {tag}-none-any\n" for tag in ["py3"]),
        f"{info}/LICENSE.txt": f"The licence of {name}.\n",
    } | (files or {})
    record = "".join(f"{file},sha256={_encoded(text)},{len(text.encode())}\n" for file, text in held.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**held, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0)), text)
    return path


def _encoded(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def sdist(folder, name, version="1.0", tags="py3-none-any", fails=False):
    """Write an sdist whose backend, carried along, makes a wheel of those tags; return its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = wheel(folder / "made", name, version, tags)
    body = "raise SystemExit('the compiler is missing')" if fails else f"shutil.copy({made.name!r}, folder)"
    backend = (
        "import shutil\n\n\ndef build_wheel(folder, settings=None, metadata=None):\n"
        f"    {body}\n    return {made.name!r}\n"
    )
    files = {
        "pyproject.toml": _PROJECT.encode(),
        "backend.py": backend.encode(),
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n".encode(),
        made.name: made.read_bytes(),
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, data in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{file}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path
