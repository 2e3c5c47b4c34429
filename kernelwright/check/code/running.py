"""Find what fails because of how a notebook runs: arguments, event loops, exits, wheels for another Python."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from kernelwright.check.code import shell
from kernelwright.check.code.reachability import Code
from kernelwright.check.code.severity import Suspect, check_code
from kernelwright.check.code.values import UNKNOWN
from kernelwright.check.code.walk import last_name
from kernelwright.check.context import Context
from kernelwright.check.registry import register
from kernelwright.errors import Problem

_CALLS = {
    "KW702": (
        r"asyncio\.run",
        "raises in a notebook, whose event loop is running already",
        "await the coroutine in the cell",
    ),
    "KW703": (
        r"hydra\.(main|initialize\w*)",
        "reads the command line and a folder beside a script: a notebook has none",
        "load the settings with omegaconf, by __file__, and call the function with them",
    ),
    "KW704": (
        r"sys\.exit|(builtins\.)?(exit|quit)|os\.(_exit|abort|exec\w+)",
        "ends the notebook: Kaggle skips the cells that follow",
        "branch instead, or raise an error",
    ),
}
_PARSING = {"parse_args", "parse_known_args"}
_COMMENTED = re.compile(r"# ?([!%](?:pip|conda|run|cd|env|load_ext|cp|unzip|tar|mkdir|python)\b.*)")


@check_code("running")
def calls(_: Context, code: Code) -> Iterator[Suspect]:
    """Find calls that fail in a notebook or end it: a second event loop, hydra's command line, an exit."""
    for number, (pattern, message, fix) in _CALLS.items():
        if number == "KW702" and "nest_asyncio.apply" in code.calls_by_name:  # which makes asyncio.run work
            continue
        for node, name in (call for call in code.calls if re.fullmatch(pattern, call.name)):
            is_certain = code.script(node).is_driver  # a module may run in a process of its own
            yield Suspect(code=number, node=node, message=f"{name}() {message}", fix=fix, is_certain=is_certain)


@check_code("arguments")
def arguments(_: Context, code: Code) -> Iterator[Suspect]:
    """Find code that needs command-line arguments, which a notebook does not have."""
    # A notebook that sets sys.argv itself has arguments.
    if "sys.argv" in code.bindings or any(name.startswith("sys.argv.") for name in code.calls_by_name):
        return
    for node in code.nodes[ast.Subscript]:
        if isinstance(node, ast.Subscript) and code.resolve(node.value) == "sys.argv" and code.may_run(node):
            index = code.fold(node.slice)
            if isinstance(index, int) and index > 0:
                message = f"sys.argv[{index}]: a notebook has no arguments"
                yield Suspect(code="KW701", node=node, message=message, fix="give the value in the code")
    parsing = (node for node, name in code.calls if name.rpartition(".")[2] in _PARSING)
    # parse_args(["…"]) parses the given words, not the command line.
    parsers = {_parser(code, node) for node in parsing if not node.args and not node.keywords}
    for node, name in code.calls:
        if name.endswith(".add_argument") and _parser(code, node) in parsers and (argument := _required(code, node)):
            message = f"the argument {argument!r} is required, and a notebook has none"
            fix = 'give it a default, or parse words of your own: parse_args(["…"])'
            yield Suspect(code="KW701", node=node, message=message, fix=fix)


def _parser(code: Code, node: ast.Call) -> tuple[str, str]:
    """Return the unit and the bare name of a method's object, which identify a parser."""
    return code.places[node].unit.key, last_name(node.func.value) if isinstance(node.func, ast.Attribute) else ""


def _required(code: Code, node: ast.Call) -> str:
    """Return the name of the argument that a call of ``add_argument`` makes required; empty if it does not."""
    keywords = {word.arg: code.fold(word.value) for word in node.keywords}
    name = code.text(node.args[0]) if node.args else UNKNOWN
    is_optional = name.startswith("-") and keywords.get("required") is not True
    is_free = keywords.get("nargs") in ("?", "*") or keywords.get("action") in ("help", "version") or None in keywords
    return "" if UNKNOWN in name or is_optional or is_free else name


@check_code("python")
def wheels(context: Context, code: Code) -> Iterator[Suspect]:
    """Find wheels passed to pip that do not fit the image's Python."""
    image = context.images[0]
    for command in shell.commands(code):
        install = shell.install(command)
        for name in (PurePosixPath(operand).name for operand in (install.operands if install else ())):
            try:
                # A part of the tags (the last three fields) that only the run knows may fit.
                fits = image.takes(name.replace(UNKNOWN, "x")) or UNKNOWN in "-".join(name.split("-")[-3:])
            except ValueError:  # not the name of a wheel, or a pattern
                continue
            if not fits:
                message = f"{name} does not fit Python {image.python} of Kaggle's image {image.name}"
                fix = "attach a wheel that does; kernelwright wheels makes them"
                yield Suspect(code="KW705", node=command.node, message=message, fix=fix)


@register("python", Context)
def extensions(context: Context) -> Iterator[Problem]:
    """Find carried extension modules that are compiled for a Python other than the image's."""
    image = context.images[0]
    for file in context.built.tree.files:
        match = re.search(r"\.(?:cpython-|cp)(\d)(\d+)-[\w-]+\.(?:so|pyd)$", file.path)
        if file.is_source and match and f"{match[1]}.{match[2]}" != image.python:
            message = f"compiled for Python {match[1]}.{match[2]}; Kaggle's image {image.name} runs {image.python}"
            yield Problem(code="KW706", file=file.location, message=message, fix="carry it as a wheel instead")


@register("running", Context)
def commented_commands(context: Context) -> Iterator[Problem]:
    """Find IPython commands that jupytext wrote as comments; Kernelwright does not turn them back into commands."""
    driver = context.project.configuration.driver
    if "jupytext:" not in context.project.driver.read_text("utf-8", "replace").partition("# %%")[0]:
        return
    for cell in context.built.cells:
        for number, text in enumerate(cell.source.split("\n"), cell.line):
            if cell.line and cell.kind == "code" and (match := _COMMENTED.fullmatch(text)):
                message = f"{match[1]} is a comment here, and does not run"
                fix = "remove the mark of the comment, or the line"
                yield Problem(code="KW707", file=driver, place=number, message=message, fix=fix)
