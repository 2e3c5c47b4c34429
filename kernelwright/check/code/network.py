"""Find code that needs the network in a notebook that runs without one."""

import ast
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from kernelwright.check import secrets
from kernelwright.check.code import files, shell
from kernelwright.check.code.reachability import Call, Code
from kernelwright.check.code.severity import Suspect, check_code, table
from kernelwright.check.code.values import UNKNOWN, is_known
from kernelwright.check.context import Context

_NEEDS = "needs the network, and enable_internet is off"
_ATTACH = "attach it as a source and name its path"
_ADDRESS = re.compile(r"(https?|s?ftp|s3|gs|hf|gdrive)://.+", re.DOTALL)
_HUB_NAME = re.compile(r"(?!\.)[\w.-]+(/[\w.-]+)?")
_LEFT_OUT = object()


@check_code("network")
def calls(context: Context, code: Code) -> Iterator[Suspect]:
    """Find calls that download something, by the table downloads.toml."""
    if context.project.metadata.enable_internet:
        return
    written = files.written_paths(code)
    rules = [rule for rule in table("downloads")["rule"] if not code.mentions(*rule.get("silenced_by", ()))]
    patterns = [(re.compile("|".join(rule["calls"])), rule) for rule in rules]
    for call in (call for call in code.calls if call.name not in code.bindings):
        for pattern, rule in patterns:
            if pattern.fullmatch(call.name) and (argument := _download(code, call, rule, written)):
                message = f"{'.'.join(call.name.split('.')[-3:])}({argument.strip()}) {_NEEDS}"
                yield Suspect(code="KW501", node=call.node, message=message, fix=rule.get("fix", _ATTACH))
                break


@check_code("network")
def commands(context: Context, code: Code) -> Iterator[Suspect]:
    """Find commands that download something, including pip's."""
    if context.project.metadata.enable_internet:
        return
    distributions = context.images[0].distributions
    is_kept_here = code.mentions("PIP_NO_INDEX", "UV_OFFLINE")
    for command in shell.commands(code):
        shown, install = secrets.masked(str(command)), shell.install(command)
        if shell.fetches(command):
            yield Suspect(code="KW502", node=command.node, message=f"{shown} {_NEEDS}", fix=_ATTACH)
        elif install and install.needs_index(distributions) and not is_kept_here:
            fix = f"add it to {context.project.configuration.wheels or 'wheels/requirements.in'}, or take the line out"
            yield Suspect(code="KW503", node=command.node, message=f"{shown} {_NEEDS}", fix=fix)
        elif install and not install.is_offline and any("/kaggle/input/" in operand for operand in install.operands):
            message = f"{shown} asks the index for what the wheel requires and the image lacks"
            yield Suspect(code="KW504", node=command.node, message=message, fix="add --no-index")


def _download(code: Code, call: Call, rule: Mapping[str, Any], written: AbstractSet[str]) -> str:
    """Return the argument, as a text, with which a call downloads something by the rule.

    The text is empty if the call downloads nothing, or if only the run knows.
    """
    for keyword, exempt in rule.get("unless", {}).items():
        value = _argument(code, call, keyword)
        if value is not _LEFT_OUT and (not exempt or not is_known(value) or value in exempt):
            return ""
    if rule["when"] == "always":
        # A space counts as found and is stripped in the message.
        return "…" if call.node.args or call.node.keywords else " "
    value = _argument(code, call, rule["argument"], rule.get("position", -1))
    shown = f"{rule['argument']}={value!r}"
    if value is _LEFT_OUT:
        value = rule.get("default")
        shown = f"{rule['argument']} is {value!r} by default"
    text = value if isinstance(value, str) else ""
    gets = {
        "value": value in rule.get("is", ()),
        "text": bool(value) and is_known(value) and not text.startswith(("/", ".", "~")),
        "name": bool(_HUB_NAME.fullmatch(text)) and not files.is_written(text, written),
        "file": bool(re.fullmatch(r"[\w-]+\.pt", text)) and not files.is_written(text, written),
        "address": bool(_ADDRESS.fullmatch(text)) and not shell.is_local(text),
    }
    return shown if gets[rule["when"]] else ""


def _argument(code: Code, call: Call, keyword: str, position: int = -1) -> object:
    """Return the value of an argument by name or position; `_LEFT_OUT` if the call does not pass it."""
    node = call.node
    words = {word.arg: word.value for word in node.keywords}
    if None in words:
        keywords = code.fold(words[None])
        if not isinstance(keywords, dict) or keyword in keywords:
            return keywords[keyword] if isinstance(keywords, dict) else UNKNOWN
    if any(isinstance(part, ast.Starred) for part in node.args):  # `*args` may pass it and shifts the positions
        return UNKNOWN
    argument = words.get(keyword) or (node.args[position] if 0 <= position < len(node.args) else None)
    if argument is None:
        return _LEFT_OUT
    value, name = code.fold(argument), code.resolve(argument)
    return name if value == UNKNOWN and "_Weights." in name else value  # a member of an enumeration of weights
