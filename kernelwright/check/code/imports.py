"""Find imports that neither the carried tree nor Kaggle's image provides, or that work only in the project's folder."""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from kernelwright.bundle.source_tree import SourceTree
from kernelwright.check.code import shell
from kernelwright.check.code.reachability import Code
from kernelwright.check.code.severity import Suspect, check_code, table
from kernelwright.check.code.syntax import Script
from kernelwright.check.code.values import TREE, UNKNOWN
from kernelwright.check.context import Context
from kernelwright.image import import_names
from kernelwright.project.model import Project
from kernelwright.wheels import requirements

# Commands that may put modules into the working folder, and arguments that show it: an input, or an unknown path.
_BRINGING = {"cp", "mv", "ln", "rsync", "unzip", "tar", "7z", "git"}
_BROUGHT = re.compile(rf"{UNKNOWN}|input/")
_CHANGES = {"sys.path.append", "sys.path.insert", "sys.path.extend", "site.addsitedir", "os.chdir"}
# Entries of sys.path that may contain any module.
_ANYTHING = re.compile(rf".*{UNKNOWN}|/kaggle/input|\.\./input|/kaggle/usr", re.DOTALL)
_WRITTEN = re.compile(r"\s*%%writefile\s+(?:-a\s+)?(?:\./|/kaggle/working/)?(\w+)\.py\s*$", re.MULTILINE)


class Missing(NamedTuple):
    """The imports that nothing provides, as statement and module, and what they were searched in.

    ``modules`` are the dotted names of the modules that the notebook has; ``entries`` are the folders that the code
    adds to ``sys.path`` or changes to. ``is_certain`` is False if modules may come from elsewhere too.
    """

    imports: Sequence[tuple[ast.expr | ast.stmt, str]]
    modules: AbstractSet[str]
    entries: AbstractSet[str]
    is_certain: bool


@check_code("imports")
def imports(context: Context, code: Code) -> Iterator[Suspect]:
    """Find imports of modules that are certainly missing."""
    missing = find(context, code)
    for node, name in missing.imports if missing.is_certain else ():
        number, message, fix = _explained(name, code.script(node), context.project, missing)
        yield Suspect(code=number, node=node, message=message, fix=fix)


def find(context: Context, code: Code) -> Missing:
    """Return the imports, outside of ``try``, of modules that nothing seen provides."""
    entries, installed = _path_entries(code), _installed(code, is_online=context.project.metadata.enable_internet)
    modules = _modules(context.built.tree, entries)
    modules |= {match[1] for cell in context.built.cells if (match := _WRITTEN.match(cell.source))}
    # An attached utility script is imported by its slug.
    modules |= {source.split("/")[1].replace("-", "_") for source in context.project.metadata.kernel_sources}
    distributions = set.intersection(*(set(image.distributions) for image in context.images)) | installed
    distributions |= {canonicalize_name(wheel.partition("-")[0]) for wheel in context.built.wheels}
    missing = [
        (node, name)
        for node, imported in code.imported.items()
        for name in imported.modules
        if not _is_provided(name, modules, distributions) and not code.is_tried(node) and code.may_run(node)
    ]
    return Missing(missing, modules, entries, UNKNOWN not in installed | entries)


def _modules(tree: SourceTree, entries: AbstractSet[str]) -> set[str]:
    """Return the dotted names of the carried modules and packages, as seen from each folder on ``sys.path``."""
    folders = {
        PurePosixPath(entry) for entry in (TREE, f"{TREE}/{tree.placement.folder}", *entries) if entry.startswith(TREE)
    }
    names = set()
    for path in (PurePosixPath(TREE, file.path) for file in tree.files if file.path.endswith((".py", ".so"))):
        for folder in folders:
            if path.is_relative_to(folder):
                parts = path.with_name(path.name.partition(".")[0]).relative_to(folder).parts
                names |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return names


def _is_provided(name: str, modules: AbstractSet[str], distributions: AbstractSet[str]) -> bool:
    root = name.partition(".")[0]
    if root in modules:
        return name in modules
    listed = {word for words in table("known_imports").values() for word in words}
    is_known = root in sys.stdlib_module_names or root in listed or not root
    return is_known or not distributions.isdisjoint(import_names.distributions(name))


def _explained(name: str, script: Script, project: Project, missing: Missing) -> tuple[str, str, str]:
    """Return code, message and fix for the import of a missing module."""
    root = name.partition(".")[0]
    if root in missing.modules:
        return "KW402", f"imports {name!r}, and nothing carried has that name", "correct it, or add the file to sources"
    if twin := next((module for module in sorted(missing.modules) if module.endswith(f".{root}")), ""):
        message = f"imports {root!r}, which is carried as {twin!r} and found under that name alone"
        return "KW402", message, f"import {twin}, or name the file itself in sources"
    if beside := _beside(root, script, project, missing.entries):
        return "KW403", f"imports {root!r}, which works in place: {beside} is not carried", f"add {beside!r} to sources"
    distribution, file = import_names.distributions(name)[0], project.configuration.wheels or "wheels/requirements.in"
    message = f"imports {root!r}, which neither Kaggle's image nor wheels nor sources provide"
    return "KW401", message, f"add {distribution} to {file} and run kernelwright wheels"


def _beside(name: str, script: Script, project: Project, entries: AbstractSet[str]) -> str:
    """Return the project's path of a module that a local run finds through its working folder or ``sys.path``."""
    places = [project.root, project.driver.parent, (project.root / script.file).parent]
    places += [place / entry for place in places for entry in entries if not Path(entry).is_absolute()]
    for path in (path for place in places for path in (place / f"{name}.py", place / name)):
        if (path.is_file() or any(path.glob("*.py"))) and path.resolve().is_relative_to(project.root):
            return path.resolve().relative_to(project.root).as_posix()
    return ""


def _installed(code: Code, *, is_online: bool) -> set[str]:
    """Return the normalized names of what pip can install; `UNKNOWN` if the names are not known.

    Without a network (not ``is_online``), only commands that need no index count.
    """
    names = set[str]()
    for install in filter(None, map(shell.install, shell.commands(code))):
        # {}: as if the image had nothing, for here the question is what the command itself can install.
        for operand in install.operands if is_online or not install.needs_index({}) else ():
            file = PurePosixPath(operand).name
            try:
                name = file.partition("-")[0] if file.endswith(".whl") else requirements.parse(operand).name
            except InvalidRequirement:
                name = UNKNOWN
            is_open = UNKNOWN in name or "*" in name or file.endswith(".txt")
            names.add(UNKNOWN if is_open else canonicalize_name(name))
    return names


def _path_entries(code: Code) -> set[str]:
    """Return what the code adds to ``sys.path``; `UNKNOWN` for a folder of an input, or one that the run fills."""
    added = [call for call in code.calls if call.name in _CHANGES and call.node.args]
    values: list[object] = [code.fold(call.node.args[-1]) for call in added]
    entries = {str(part) for value in values for part in (value if isinstance(value, list) else [value])}
    commands = shell.commands(code)
    entries |= {command.words[-1] for command in commands if command.program == "cd"}
    brings = any(_BROUGHT.search(str(command)) for command in commands if command.program in _BRINGING)
    if brings or "sys.path" in code.bindings or "shutil.copytree" in code.calls_by_name:
        entries.add(UNKNOWN)  # modules may be copied into the working folder, which is on sys.path
    texts = " ".join(str(command) for command in commands if command.program != "cd")
    for entry in [*entries]:
        name = PurePosixPath(entry).name
        is_named = name not in {"", ".", ".."} and name in texts and not entry.startswith(TREE)
        if is_named or _ANYTHING.match(entry):  # a command that names the folder may fill it
            entries.add(UNKNOWN)
    return entries
