"""Check literal paths: sources that are not attached, files that will be missing, folders of the author's machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from kernelwright.check.code import files, shell
from kernelwright.check.code.reachability import Code
from kernelwright.check.code.severity import Suspect, analyse, check_code
from kernelwright.check.code.values import TREE, UNKNOWN
from kernelwright.check.context import Context
from kernelwright.check.registry import register
from kernelwright.check.suppression import ALLOW
from kernelwright.errors import Problem
from kernelwright.project.metadata import OWNED_SOURCES, PLACEHOLDER_OWNER
from kernelwright.project.model import Project

_MOUNTED = re.compile(r"(?<![\w.~}-])(?:/kaggle/input|(?:\.\./)+input)/[^\s\"'`,;:|&()<>\\]*")
# Folder of the new layout -> the index of the slug in the path below it: after the owner, if the kind has owners.
_OWNED = {"datasets": 2, "notebooks": 2, "models": 2, "competitions": 1}
# A path in a home folder or on a Windows drive; the lookahead leaves out addresses (`x://`).
_HOME = re.compile(r"(?<![\w/.:])(/home/[\w.-]+|/Users/[\w.-]+|[A-Za-z]:[\\/](?!/))[^\s\"']*")
# An absolute path in a folder that Kaggle's image does not have.
_OUTSIDE = re.compile(r"/(?!kaggle|tmp|dev|proc|sys|etc|usr|opt|root|var|bin|lib|run)[\w.-]|[A-Za-z]:[\\/]")
# Not a plain path in the working folder: absolute, above it, an address, a pattern, a format string, several lines.
_NO_WORKING_FILE = re.compile(r"^(/|~|\.\./)|://|[*?<{\n]")
_SETTINGS = {".yaml", ".yml", ".json", ".toml", ".ini", ".cfg"}
# Commands whose arguments need not exist.
_LOOKING = {"ls", "du", "tree", "test", "[", "mkdir", "rm", "find"}
_ELSEWHERE = "of another machine than Kaggle's"
_ATTACH = "attach the data and use inputs.find(), or carry the file with sources"


Node = ast.expr | ast.stmt


class Mounted(NamedTuple):
    """A path below ``/kaggle/input``: the source's slug, and its owner if the path contains it."""

    path: str
    slug: str
    owner: str


def mounted(text: str) -> Iterator[Mounted]:
    """Yield the paths of sources in a text; skip patterns and paths whose source only the run knows."""
    for match in _MOUNTED.finditer(text):
        path = match[0].rstrip(".")
        parts = [part for part in path.partition("input/")[2].split("/") if part]
        at = _OWNED.get(parts[0], 0) if parts else 0
        if len(parts) > at and not re.search(rf"[*?\[{{$%{UNKNOWN}]", "/".join(parts[: at + 1])):
            yield Mounted(path, parts[at], parts[1] if at > 1 else "")


def is_attached(project: Project, slug: str, owner: str = "") -> bool:
    """Return whether a source is attached, given its slug and, if known, its owner.

    A model's slug may be followed by framework and variation.
    """
    # The placeholder owner may stand for any owner.
    metadata, owners = project.metadata, (f"{owner}/", f"{PLACEHOLDER_OWNER}/") if owner else ""
    owned = [*metadata.dataset_sources, *metadata.kernel_sources, *metadata.model_sources]
    return slug in metadata.competition_sources or any(
        f"/{slug}/" in f"/{name}/" and name.startswith(owners) for name in owned
    )


@check_code("inputs")
def inputs(context: Context, code: Code) -> Iterator[Suspect]:
    """Find paths of sources that are not attached, and paths that exist in only one of Kaggle's layouts."""
    project, reported = context.project, set[tuple[str, str]]()
    for node, text, is_opened in _texts(code):
        file = code.script(node).file
        for source in mounted(text):
            is_there, is_new = is_attached(project, source.slug, source.owner), (file, source.path) not in reported
            if is_there and is_new:
                message = f"{source.path!r}: Kaggle mounts sources in two layouts, and this path is of one"
                yield Suspect(code="KW602", node=node, message=message, fix=f'use inputs.find("{source.slug}")')
            # Texts that are opened come first and are always reported; others only once per file and source.
            elif not is_there and (is_opened or (file, source.slug) not in reported):
                yield _unattached(project, node, source.path, source.slug, is_opened=is_opened)
            reported |= {(file, source.path), (file, source.slug)}


@check_code("inputs")
def sought(context: Context, code: Code) -> Iterator[Suspect]:
    """Find calls of ``inputs.find`` for sources that are not attached."""
    for node in (node for node, name in code.calls if name == "kernelwright.runtime.inputs.find"):
        slug = code.text(next(iter([*node.args, *(word.value for word in node.keywords)]), None))
        if UNKNOWN not in slug and not is_attached(context.project, slug):
            yield _unattached(context.project, node, slug, slug, is_opened=True)


def _unattached(project: Project, node: Node, path: str, slug: str, *, is_opened: bool) -> Suspect:
    message = f"{path!r}: {slug!r} is not attached; attached: {', '.join(project.metadata.slugs) or 'nothing'}"
    fix = f"add the source to its list in {project.configuration.metadata}, or remove the path"
    return Suspect(code="KW601", node=node, message=message, fix=fix, is_certain=is_opened)


def _texts(code: Code) -> Iterator[tuple[Node, str, bool]]:
    """Yield each text that may be a path, and whether it is opened. Opened ones come first; messages are left out."""
    for use in files.uses(code):
        yield from ((use.node, text, True) for text in use.texts if use.reads)
    for command in shell.commands(code):
        words = command.words[1:] if command.program != "echo" else ()
        yield from ((command.node, word, command.program not in _LOOKING) for word in words)
    for node in (*code.nodes[ast.Constant], *code.nodes[ast.JoinedStr]):
        text = code.text(node)
        if _MOUNTED.search(text) and not code.is_shown(node) and code.may_run(node):
            yield node, text, False


@check_code("files")
def missing_files(context: Context, code: Code) -> Iterator[Suspect]:
    """Find files that are opened but will be missing, and paths on the author's machine."""
    written = files.written_paths(code) | set(context.project.configuration.submission)
    stays = "os.chdir" not in code.calls_by_name and not any(
        command.program == "cd" for command in shell.commands(code)
    )
    opened: list[tuple[Node, str]] = [
        *((use.node, path) for use in files.uses(code) if use.reads for path in use.texts),
        *((command.node, command.script) for command in shell.commands(code) if command.script),
    ]
    for node, path in opened:
        if not path or UNKNOWN in path or files.is_written(path, written):
            continue
        if path.startswith(TREE):
            yield from _beside(context, node, files.normal(path))
        elif _OUTSIDE.match(path):
            yield Suspect(code="KW603", node=node, message=f"opens {path!r}, {_ELSEWHERE}", fix=_ATTACH)
        elif stays and PurePosixPath(path).suffix and not _NO_WORKING_FILE.search(path):
            yield _working(context, node, path)
    named = {(code.script(node).file, path) for node, path in opened}
    for node in code.nodes[ast.Constant]:
        text = code.text(node)
        if not _HOME.match(text) or (code.script(node).file, text) in named or files.is_written(text, written):
            continue
        if not code.is_shown(node) and code.may_run(node):
            yield Suspect(code="KW603", node=node, message=f"{text!r} is {_ELSEWHERE}", fix=_ATTACH, is_certain=False)


def _beside(context: Context, node: Node, path: str) -> Iterator[Suspect]:
    """Report a path built from ``__file__`` if it is not carried."""
    inside = path.removeprefix(TREE).strip("/")
    carried = [*context.built.tree.digests, "kernelwright.json"]
    if inside and not any(name == inside or name.startswith(f"{inside}/") for name in carried):
        message = f"opens {inside!r} beside its own file, and that is not carried"
        yield Suspect(code="KW604", node=node, message=message, fix="add it to sources")


def _working(context: Context, node: Node, path: str) -> Suspect:
    """Report a path in the working folder. The file is certainly missing if it is one of the project's own."""
    normal, project = files.normal(path), context.project
    carried = next((name for name in context.built.tree.digests if f"/{name}".endswith(f"/{normal}")), "")
    is_left = any((place / normal).exists() for place in (project.root, project.driver.parent))
    why = f"it is carried as {carried!r}" if carried else "it is not carried" if is_left else "nothing seen makes it"
    message = f"opens {path!r} in the working folder, where it is not: {why}"
    fix = "carry it with sources and open it beside a module by __file__, or attach it"
    return Suspect(code="KW604", node=node, message=message, fix=fix, is_certain=bool(carried) or is_left)


@register("settings", Context)
def settings(context: Context) -> Iterator[Problem]:
    """Find paths in carried settings files. Whether they are read, only the run knows."""
    for file in context.built.tree.files:
        if not file.is_source or not file.text or PurePosixPath(file.path).suffix not in _SETTINGS:
            continue
        homes, unattached = dict[str, int](), dict[str, int]()
        for number, line in enumerate(file.text.split("\n"), 1):
            if ALLOW not in line:
                homes |= {match[0]: number for match in _HOME.finditer(line)}
                sources = [s for s in mounted(line) if not is_attached(context.project, s.slug, s.owner)]
                unattached |= {source.path: number for source in sources}
        for paths, what in ((homes, _ELSEWHERE), (unattached, "of a source that is not attached")):
            if paths:
                shown = ", ".join(map(repr, [*paths][:6]))
                message = f"{shown}: {what} (only a warning: whether it is read, only the run knows)"
                yield Problem(code="KW605", file=file.location, place=min(paths.values()), message=message, fix=_ATTACH)


@register("inputs", Context)
def unused_sources(context: Context) -> Iterator[Problem]:
    """Find attached sources that no text names.

    The competition and sources that the configuration names count as used.
    """
    if not any(getattr(context.project.metadata, key) for key in OWNED_SOURCES):
        return
    configuration, code = context.project.configuration, context.shared(analyse)
    texts = [configuration.wheels_dataset, configuration.sources_dataset, *configuration.public]
    texts += [file.text for file in context.built.tree.files if file.is_source and file.text]
    texts += [script.text for script in code.scripts.values()]
    words = set(re.findall(r"[\w-]+", "\n".join(texts)))
    for key in OWNED_SOURCES:
        for index, source in enumerate(getattr(context.project.metadata, key)):
            slug = source.split("/")[1]
            if not words & {slug, slug.replace("-", "_")}:  # a utility script is imported with underscores
                message, fix = f"{source!r} is attached, and no text of the code names it", "remove it, or ignore this"
                place = f"{key}[{index}]"
                yield Problem(code="KW606", file=configuration.metadata, place=place, message=message, fix=fix)
