"""The Python environment of a run: what the kernel needs, at the image's versions, without the packages in its wheels.

An environment is made once per set of distributions and kept for all projects of this machine. Each run gets an empty
environment on top of it, into which the notebook installs its wheels.
"""

import ast
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from installer.scripts import Script
from packaging.utils import canonicalize_name

from kernelwright.bundle import imports
from kernelwright.bundle.build import Notebook
from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image import import_names, interpreters, kaggle_image
from kernelwright.image.kaggle_image import Image
from kernelwright.project.model import Project
from kernelwright.rehearsal.run_directory import RunSpec
from kernelwright.support import atomic_files, ipython_syntax, json_text, terminal
from kernelwright.support.hashing import sha256
from kernelwright.wheels import project_locks, tools

EXECUTOR = ("papermill", "ipykernel", "ipython", "jupyter-client", "nbclient", "nbformat", "pip")
"""The distributions with which Kaggle runs a notebook."""
GIVEN = "KERNELWRIGHT_ENVIRONMENT"
"""The environment variable that names an existing Python environment to rehearse in, for Kaggle's own container or
where no package index can be reached."""
KEPT = 8
"""How many environments are kept; the least recently used are removed."""
_LONGEST_REHEARSAL_S = 2 * 24 * 3600
"""An environment used within this time is never removed, because a running rehearsal may still use it."""
_FORMAT = 2
"""Part of an environment's digest, so that raising it makes every environment anew."""
_FAILED_IMPORT = re.compile(
    r"^\s*(?:ModuleNotFoundError|ImportError|PackageNotFoundError): (.+)$"
    r"|: No module named (\S+)\r?$"  # from python -m; IPython calls `!` in a terminal, whose lines end in \r\n
    r"|\b(?:ba)?sh: (?:\d+: |line \d+: )?([\w.-]+): (?:command )?not found\r?$",
    re.MULTILINE,
)
_ENGINES = {
    **dict.fromkeys(("read_excel", "to_excel", "ExcelFile", "ExcelWriter"), "openpyxl"),
    **dict.fromkeys(("read_parquet", "to_parquet", "read_feather", "to_feather"), "pyarrow"),
    **dict.fromkeys(("read_hdf", "to_hdf", "HDFStore"), "tables"),
    **dict.fromkeys(("read_html", "read_xml", "to_xml"), "lxml"),
    **dict.fromkeys(("tqdm.notebook", "tqdm.auto", "tqdm.autonotebook"), "ipywidgets"),
    "to_markdown": "tabulate",
}
"""Function or module of pandas or tqdm -> the distribution that its use imports. Knowing these saves a failed run;
others, and programs that a cell calls, are found by a run that fails."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An existing environment. Runs do not write to it."""

    folder: Path
    version: str
    """Python's major and minor version."""
    image: Image
    given: bool = False
    """Whether `GIVEN` names it, so that nothing is installed into it."""

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "bin" / "python"

    def overlay(self, folder: Path) -> Path:
        """Make an empty environment that sees this one's distributions, and return its interpreter.

        Raises `EnvironmentUnavailable` if that fails.
        """
        programs = folder / "bin"
        python = programs / "python"
        command = [str(self.python), "-I", "-m", "venv", "--without-pip", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
            own, below = (_packages(root, self.version) for root in (folder, self.folder))
            # addsitedir, unlike a line with just the folder, also processes the .pth files in it.
            (own / "image.pth").write_text(f"import site; site.addsitedir({str(below)!r})\n", "utf-8")
            # Programs are generated to start the new interpreter, so that they see what is installed into it.
            for distribution in self._distributions():
                for entry in distribution.entry_points.select(group="console_scripts"):
                    script = Script(entry.name, entry.module, entry.attr, "console")
                    (programs / entry.name).write_bytes(script.generate(str(python), "posix")[1])
                    (programs / entry.name).chmod(0o755)
            for file in (self.folder / "bin").iterdir():
                if not (programs / file.name).exists():
                    (programs / file.name).symlink_to(file)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = (getattr(error, "stderr", "") or str(error)).strip().rpartition("\n")[2]
            fix = f"delete {self.folder} and rehearse again"
            raise EnvironmentUnavailable(f"{folder}: no environment can be made here: {reason}; {fix}") from None
        return python

    def _distributions(self) -> Iterable[importlib.metadata.Distribution]:
        return importlib.metadata.distributions(path=[str(_packages(self.folder, self.version))])

    def lacking(self, log: str) -> tuple[str, ...]:
        """Return the image's distributions that are not installed and that, by its log, a run failed to import.

        Libraries import some packages only when they need them, as pandas does its engines and tqdm ipywidgets. The
        message of the ImportError names the module or what to install, so every word of it is looked up.
        """
        if self.given:
            return ()
        installed = {canonicalize_name(distribution.name) for distribution in self._distributions()}
        messages = " ".join(part for parts in _FAILED_IMPORT.findall(terminal.without_colours(log)) for part in parts)
        words = dict.fromkeys(word.strip(".") for word in re.findall(r"[A-Za-z_][\w.-]+", messages))
        provided = {import_names.provided(word, self.image) for word in words} - {None, *installed, *EXECUTOR}
        return tuple(sorted(name for name in provided if name))


def _packages(root: Path, version: str) -> Path:
    return root / "lib" / f"python{version}" / "site-packages"


def with_interpreter(spec: RunSpec, environment: Environment) -> RunSpec:
    """Return ``spec`` with an environment of its own, made on top of ``environment``."""
    own = spec.directory.folder / "python"
    shutil.rmtree(own, ignore_errors=True)
    return replace(spec, python=environment.overlay(own), writable=own, readable=(environment.folder,))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to install in an environment: requirements, and the image's versions as constraints."""

    python: Path
    """The interpreter."""
    version: str
    """The interpreter's major and minor version."""
    image: Image
    names: tuple[str, ...]
    """The distributions of the image to install."""
    unpinned: frozenset[str] = frozenset()
    """Distributions whose version in the image does not install on this Python."""

    @property
    def requirements(self) -> list[str]:
        """The requirements: each wanted distribution at the image's version."""
        return [self._pin(name) for name in self.names]

    @property
    def pins(self) -> list[str]:
        """The image's versions as constraints, for everything that the requirements bring along."""
        # A version with a local part, as in 2.0+cpu, is a local build, which the index does not have.
        pins = ((self._pin(name), name) for name in self.image.distributions)
        return [pin for pin, name in pins if pin != name and "+" not in pin]

    def _pin(self, name: str) -> str:
        version = "" if name in self.unpinned else self.image.distributions.get(name, "")
        return f"{name}=={version}" if version else name

    @property
    def digest(self) -> str:
        """Digest of everything that determines the environment."""
        return sha256(json.dumps([_FORMAT, str(self.python), self.version, self.requirements, self.pins]))


def image_of(project: Project) -> Image:
    """Return the image that is rehearsed: the first of the project's ``images``, or `DEFAULT` if it names none."""
    return kaggle_image.load((*project.configuration.images, kaggle_image.DEFAULT)[0], project.root)


def prepare(
    project: Project, built: Notebook, tell: Callable[[str], None], further: tuple[str, ...] = ()
) -> Environment:
    """Return the environment in which a notebook is rehearsed; make it if it does not exist.

    ``further`` distributions of the image are installed too. If that succeeds, they are remembered for later
    rehearsals. Raises `EnvironmentUnavailable` if the image's distributions do not install on this machine.
    """
    image = image_of(project)
    if prefix := os.environ.get(GIVEN):
        tell(f"rehearsing in {prefix}, as {GIVEN} says, whatever its versions are")
        command = [f"{prefix}/bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            reason = f"no environment with a Python that runs: {error}"
            raise EnvironmentUnavailable(f"{GIVEN}: {prefix}: {reason}") from None
        return Environment(folder=Path(prefix), version=version, image=image, given=True)
    python = interpreters.on_path(image.python)
    version = image.python if python else interpreters.running()
    if version != image.python:
        tell(f"Python {image.python} of the image {image.name} is not on PATH: rehearsing on {version}")
    remembered = {*added(project), *further} & image.distributions.keys()
    names = tuple(sorted({*_names(project, built, image), *remembered}))
    recipe = Recipe(python=python or Path(sys.executable), version=version, image=image, names=names)
    environment = make(recipe, cache_folder(), tell)
    if further:
        atomic_files.replace(_added_file(project), f"{json.dumps(sorted(remembered))}\n".encode())
    return environment


def cache_folder() -> Path:
    """Return the folder of the environments of all projects, below ``$XDG_CACHE_HOME``, otherwise ``~/.cache``."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "kernelwright" / "environments"


def added(project: Project) -> tuple[str, ...]:
    """Return the distributions that earlier rehearsals needed although no import in the kernel's code names them."""
    try:
        return tuple(map(str, json_text.parse(_added_file(project).read_text("utf-8"))))
    except (OSError, ValueError, TypeError):
        return ()


def _added_file(project: Project) -> Path:
    return project.build / "cache" / (f"added-{project.kernel}.json" if project.kernel else "added.json")


def make(recipe: Recipe, home: Path, tell: Callable[[str], None]) -> Environment:
    """Return the environment of a recipe; make it below ``home`` if it does not exist.

    Raises `EnvironmentUnavailable` if the recipe cannot be installed.
    """
    folder = home / f"py{recipe.version}-{recipe.digest[:12]}"
    ready = folder / "ready.txt"
    if not ready.is_file():
        tell(f"making an environment like {recipe.image.name}: {len(recipe.names)} distributions and what they need")
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=home) as scratch:
            own = Path(scratch) / "environment"
            _install(recipe, own, tell)
            (own / "ready.txt").touch()
            shutil.rmtree(folder, ignore_errors=True)
            # Two rehearsals may make it at the same time, so each builds its own, relocatable, and renames it.
            own.rename(folder)
    os.utime(ready)  # its time says when the environment was last used
    used = {file: file.stat().st_mtime for file in home.glob("py*/ready.txt")}
    for file in sorted(used, key=lambda file: used[file], reverse=True)[KEPT:]:
        if used[file] < time.time() - _LONGEST_REHEARSAL_S:
            file.unlink()  # first, so that a half-removed environment is never taken for a complete one
            shutil.rmtree(file.parent, ignore_errors=True)
    return Environment(folder=folder, version=recipe.version, image=recipe.image)


def _install(recipe: Recipe, folder: Path, tell: Callable[[str], None]) -> None:
    """Install a recipe at the image's versions.

    As long as uv fails, drop the pins that it blames, naming them to the user, and try again.
    """
    done = tools.uv(["venv", "--relocatable", "--python", str(recipe.python), str(folder)])
    built: frozenset[str] = frozenset()
    # After the first attempt, the return code is that of an install; the folder says that the environment was made.
    while done.returncode == 0 or (folder / "bin").is_dir():
        requirements, constraints = folder / "requirements.in", folder / "constraints.txt"
        requirements.write_text("\n".join(recipe.requirements) + "\n", "utf-8")
        constraints.write_text("\n".join(recipe.pins) + "\n", "utf-8")
        # Bytecode is compiled now, because a cold import of TensorFlow takes longer than a small kernel's run.
        flags = ["--only-binary", ":all:", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
        flags += [flag for name in sorted(built) for flag in ("--no-binary", name)]
        files = ["--requirement", str(requirements), "--constraints", str(constraints)]
        done = tools.uv(["pip", "install", *flags, *files])
        # uv wraps its messages, so lines are joined before they are searched.
        without_wheel = re.findall(r"([a-z0-9-]+)==\S+ has no usable wheels", " ".join(done.stderr.split()))
        sdists = frozenset(without_wheel) & recipe.image.distributions.keys() - built
        unavailable = _unavailable_pins(recipe, done.stderr)
        if done.returncode == 0 or not (sdists or unavailable):
            break
        if sdists:  # the image has this version without a wheel, so it was built from source there too
            built |= sdists
            continue
        versions = ", ".join(f"{name} {recipe.image.distributions[name]}" for name in sorted(unavailable))
        tell(f"not for Python {recipe.version} beside the rest, so another version is taken: {versions}")
        recipe = replace(recipe, unpinned=recipe.unpinned | unavailable)
    if done.returncode:
        head = f"what the kernel needs of {recipe.image.name} cannot be installed on Python {recipe.version}"
        raise EnvironmentUnavailable(f"{head}:\n{done.stderr.strip()}")


def _unavailable_pins(recipe: Recipe, stderr: str) -> frozenset[str]:
    """Return the distributions whose pins, by uv's message, make the resolution fail.

    Such a version does not exist for this Python. Or it conflicts with a wanted distribution, because the image's own
    list contradicts itself.
    """
    text = " ".join(stderr.split())
    pinned = {name for name, version in recipe.image.distributions.items() if version} - recipe.unpinned
    named = re.findall(r"does not satisfy Python\S+ and ([a-z0-9-]+)[=<>]", text)
    named += re.findall(r"([a-z0-9-]+)==\S+ has no wheels", text)
    named += re.findall(r"[Ff]ailed to build `([a-z0-9-]+)", text)
    if precise := pinned.intersection(named):
        return frozenset(precise)
    if "was not found in the" in text:  # the index cannot be reached: no pin is to blame
        return frozenset()
    mentioned = pinned.intersection(re.findall(r"([a-z0-9-]+)==", text))
    # Pins of distributions that Kaggle added over the rest on purpose are kept longest, then those the kernel imports.
    over, wanted = set(recipe.image.added), set(recipe.names)
    return frozenset(mentioned - over - wanted or mentioned - over or mentioned - wanted or mentioned)


def _names(project: Project, built: Notebook, image: Image) -> set[str]:
    """Return the image's distributions that the kernel, its wheels and Kaggle's executor need."""
    imported = {import_names.provided(name, image) for name in _imported(built)} - {None}
    lock = project_locks.read(project)[0].lock if project.configuration.wheels else None
    carried = {distribution.name for distribution in lock.distributions} if lock else set()
    return {name for name in (*imported, *(lock.needs if lock else ()), *EXECUTOR) if name} - carried


def _imported(built: Notebook) -> set[str]:
    """Return the names that modules and driver import or call as programs, apart from Python's own and the carried."""
    cells = [c.source for c in built.cells if c.kind == "code" and "driver" in c.metadata["kernelwright"]]
    texts = [*(file.data.decode("utf-8", "replace") for file in built.tree.files if file.module), *cells]
    trees = [ipython_syntax.syntax_tree(text) for text in texts]
    names = {name for tree in trees for name in imports.names(tree)}
    used = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {part for name in names for part in (name, *name.rpartition(".")[::2])}
    names |= {_ENGINES[name] for name in used & _ENGINES.keys()}
    # Read here too, because `x = !name` and `!name 2>/dev/null` leave no word of a missing program in the log.
    names.update(_programs(command for cell in cells for _, command in ipython_syntax.commands(cell)))
    left_out = sys.stdlib_module_names | {name.partition(".")[0] for name in built.tree.graph}
    return {name for name in names if name.partition(".")[0] not in left_out}


def _programs(commands: Iterable[str]) -> Iterator[str]:
    """Yield the names that ``!name …``, ``!python -m name`` and ``%load_ext name`` call."""
    for command in commands:
        try:
            words = shlex.split(command.lstrip("!%"), comments=True)
        except ValueError:
            continue
        is_module = len(words) > 2 and words[1] == "-m" and "python" in words[0]
        yield from words[2:3] if is_module else words[1:2] if words[:1] == ["load_ext"] else words[:1]
