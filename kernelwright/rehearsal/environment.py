"""The Python a run has: what the kernel imports, at the image's versions, and none of what the wheels carry.

An environment is made once for each set of distributions and kept. A run gets a fresh, empty one on top of it, which
the notebook installs its wheels into.
"""

import ast
import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright.bundle.build import Notebook
from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image import interpreters
from kernelwright.image import kaggle_image as images
from kernelwright.image.kaggle_image import Image
from kernelwright.project.model import Project
from kernelwright.rehearsal.sandbox import Setting
from kernelwright.support import ipython_syntax
from kernelwright.wheels import project_locks, tools

STACK = ("papermill", "ipykernel", "ipython", "jupyter-client", "nbclient", "nbformat", "pip")
"""What Kaggle runs a notebook with."""
KEPT = 3
_UNLIKE = {"PIL": "pillow", "cv2": "opencv-python-headless", "skimage": "scikit-image", "sklearn": "scikit-learn"}
_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A made environment: never written to by a run."""

    folder: Path
    version: str

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def overlay(self, folder: Path) -> Path:
        """Make an empty environment that sees this one's distributions; return its interpreter."""
        subprocess.run([self.python, "-m", "venv", "--without-pip", folder], check=True, capture_output=True)
        own, below = (_packages(root, self.version) for root in (folder, self.folder))
        (own / "image.pth").write_text(f"import site; site.addsitedir({str(below)!r})\n", "utf-8")
        return folder / "bin" / "python"


def _packages(root: Path, version: str) -> Path:
    return root / "lib" / f"python{version}" / "site-packages"


def seated(setting: Setting, environment: Environment | None) -> Setting:
    """Give a run its Python: an environment of its own, at its desk; the running one where none was made."""
    if environment is None:
        return setting
    own = setting.desk.folder / "python"
    python = environment.overlay(own)
    return replace(setting, python=python, writable=own, readable=(environment.folder,))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an environment is made of: requirements, and pins that hold for all that they bring along."""

    python: Path
    version: str
    image: Image
    names: tuple[str, ...]
    let_go: frozenset[str] = frozenset()

    @property
    def requirements(self) -> list[str]:
        """Each distribution at the image's version."""
        return [
            _pinned(name, "" if name in self.let_go else self.image.distributions.get(name, "")) for name in self.names
        ]

    @property
    def pins(self) -> list[str]:
        """The image's versions as constraints, those of a local build left out."""
        held = {name: version for name, version in self.image.distributions.items() if name not in self.let_go}
        return [_pinned(name, version) for name, version in held.items() if version and "+" not in version]

    @property
    def digest(self) -> str:
        """Of all that decides what comes out."""
        told = [_FORMAT, str(self.python), self.version, self.requirements, self.pins]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _pinned(name: str, version: str) -> str:
    return f"{name}=={version}" if version else name


def image_of(project: Project) -> Image | None:
    """Return the image that is rehearsed: the first one served; None where the project names none."""
    known = project.configuration
    if not (known.images or known.wheels):
        return None
    return images.load((*known.images, images.DEFAULT)[0], project.root)


def python_for(image: Image) -> tuple[Path, str]:
    """Return the image's Python where it is on PATH, else the running one."""
    found = interpreters.on_path(image.python)
    return (found, image.python) if found else (Path(sys.executable), interpreters.running())


def prepare(project: Project, built: Notebook, tell: Callable[[str], None]) -> Environment | None:
    """Make the environment a notebook is rehearsed in, unless it is there; None where the project names no image.

    Raises
    ------
    EnvironmentUnavailable
        What the image holds does not install here.
    """
    image = image_of(project)
    if image is None:
        return None
    python, version = python_for(image)
    if version != image.python:
        tell(f"Python {image.python} of the image {image.name} is not on PATH: rehearsing on {version}")
    recipe = Recipe(python=python, version=version, image=image, names=_names(project, built, image))
    return make(recipe, project.build / "cache" / "environments", tell)


def make(recipe: Recipe, home: Path, tell: Callable[[str], None]) -> Environment:
    """Make an environment below ``home``, unless it is there."""
    folder = home / f"py{recipe.version}-{recipe.digest[:12]}"
    ready = folder / "ready.txt"
    if not ready.is_file():
        tell(f"making an environment like {recipe.image.name}: {len(recipe.names)} distributions and what they need")
        shutil.rmtree(folder, ignore_errors=True)
        _installed(recipe, folder, tell)
    ready.write_text("\n".join(recipe.requirements) + "\n", "utf-8")
    _prune(home)
    return Environment(folder=folder, version=recipe.version)


def _installed(recipe: Recipe, folder: Path, tell: Callable[[str], None]) -> None:
    """Install at the image's versions; one that does not exist for this Python is let go, by name, until all fits."""
    done = tools.uv(["venv", "--python", str(recipe.python), str(folder)])
    if done.returncode == 0:
        done = _install(recipe, folder)
        while done.returncode and (strangers := _strangers(recipe, done.stderr)):
            told = ", ".join(f"{name} {recipe.image.distributions[name]}" for name in sorted(strangers))
            tell(f"not for Python {recipe.version}, so another version stands in: {told}")
            recipe = replace(recipe, let_go=recipe.let_go | strangers)
            done = _install(recipe, folder)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        head = f"what the kernel imports of {recipe.image.name} cannot be installed on Python {recipe.version}"
        raise EnvironmentUnavailable(f"{head}:\n{done.stderr.strip()}")


def _strangers(recipe: Recipe, said: str) -> frozenset[str]:
    """Read from uv's words which pins are to blame for a resolution that failed on another Python than the image's."""
    if recipe.version == recipe.image.python:
        return frozenset()
    text = " ".join(said.split())
    named = re.findall(r"does not satisfy Python\S+ and ([a-z0-9-]+)[=<>]", text)
    named += re.findall(r"([a-z0-9-]+)==\S+ has no (?:usable )?wheels", text)
    return frozenset(name for name in named if name in recipe.image.distributions) - recipe.let_go


def _install(recipe: Recipe, folder: Path) -> subprocess.CompletedProcess[str]:
    wanted, pins = folder / "wanted.in", folder / "pins.txt"
    wanted.write_text("\n".join(recipe.requirements) + "\n", "utf-8")
    pins.write_text("\n".join(recipe.pins) + "\n", "utf-8")
    flags = ["--only-binary", ":all:", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
    return tools.uv(["pip", "install", *flags, "--requirement", str(wanted), "--constraints", str(pins)])


def _prune(home: Path) -> None:
    """Keep the environments used last."""
    made = sorted(home.glob("*/ready.txt"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in made[KEPT:]:
        shutil.rmtree(file.parent, ignore_errors=True)


def _names(project: Project, built: Notebook, image: Image) -> tuple[str, ...]:
    """Return the image's distributions that the kernel, its wheels and Kaggle's executor need."""
    brought = importlib.metadata.packages_distributions()
    imported = {name for top in _imported(built) for name in _distributions(top, brought.get(top, ()), image)}
    found = project_locks.read(project)[0].lock if project.configuration.wheels else None
    needed, carried = (found.needs, {one.name for one in found.distributions}) if found else ((), set())
    return tuple(sorted({*imported, *needed, *STACK} - carried))


def _imported(built: Notebook) -> set[str]:
    """Return the top-level names that the modules and the driver import, Python's own and the carried left out."""
    texts = [file.data.decode("utf-8", "replace") for file in built.tree.files if file.module]
    texts += [cell.source for cell in built.cells if cell.kind == "code" and "driver" in cell.metadata["kernelwright"]]
    found = {name for text in texts for name in _top_level(text)}
    carried = {name.partition(".")[0] for name in built.tree.graph}
    return found - sys.stdlib_module_names - carried


def _top_level(text: str) -> Iterator[str]:
    for node in ast.walk(ipython_syntax.syntax_tree(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _distributions(top: str, here: Sequence[str], image: Image) -> Sequence[str]:
    """Return the image's distributions that bring a name: by what is installed here, else by what it is called."""
    known = [name for name in map(canonicalize_name, here) if name in image.distributions]
    called = canonicalize_name(_UNLIKE.get(top, top))
    return known or ([called] if called in image.distributions else [])
