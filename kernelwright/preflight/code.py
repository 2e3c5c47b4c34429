"""What in the code would fail on Kaggle: the network in an offline notebook, and an end before the submission."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from kernelwright.building import Notebook
from kernelwright.preflight.findings import Finding, Severity
from kernelwright.preflight.scripts import ALLOWED, Script, scripts
from kernelwright.project import Project

_CALLS = re.compile(
    r"(requests|httpx|aiohttp|urllib3|kagglehub|gdown|wget|huggingface_hub|hf_hub|pooch)\..+"
    r"|urllib\.request\.(urlopen|urlretrieve|build_opener)"
    r"|socket\.create_connection|http\.client\.HTTPS?Connection|ftplib\.FTP"
    r"|torch\.hub\.(load|load_state_dict_from_url|download_url_to_file)|nltk\.download"
    r"|(tensorflow\.)?keras\.utils\.get_file"
)
_HARMLESS = re.compile(r"(requests|httpx|urllib3)\.(exceptions\..*|Request|packages.*|util.*|disable_warnings)")
_WEIGHTS = ("imagenet", "noisy-student", "imagenet21k", "IMAGENET1K_V1", "IMAGENET1K_V2", "DEFAULT")
_FETCHING = re.compile(r"(wget|curl|gdown|huggingface-cli|git\s+clone|(apt(-get)?|conda|mamba)\s+install|kaggle)(?!\S)")
_PIP = re.compile(r"(?!echo\b).*?\b(pip[\d.]*|uv)\s.*?\b(install|download)\b")
_NEXT_COMMAND = re.compile(r"&&|\|\||[;|]")
_EXITS = {"sys.exit", "exit", "quit", "os._exit"}
_ATTACH = "carry it in a dataset and attach that"
_VOUCH = f"or end the line with  # {ALLOWED}"


def check(project: Project, built: Notebook) -> Iterator[Finding]:
    """Check the code that runs, a cell of the driver or a module at a time."""
    texts = scripts(project, built)
    names = {key: value for text in texts if text.is_driver for key, value in text.names.items()}
    if not project.metadata.enable_internet:
        for text in texts:
            yield from _network(text, names if text.is_driver else text.names)
    yield from _exits(texts, names)


def _network(text: Script, names: Mapping[str, str]) -> Iterator[Finding]:
    for number, line in text.magics:
        if _fetches(line):
            yield _found(text, number, line.strip())
    calls = (node for node in text.running() if isinstance(node, ast.Call) and not text.is_allowed(node.lineno))
    for call in calls:
        if asked := _asks(text, call, names):
            yield _found(text, call.lineno, asked)


def _fetches(line: str) -> bool:
    """Tell whether a line of shell commands, or a magic, gets something from the network."""
    return any(
        _FETCHING.match(command) or (_PIP.match(command) and "--no-index" not in command) for command in _commands(line)
    )


def _commands(line: str) -> list[str]:
    return [command.strip(" %!").removeprefix("sudo ") for command in _NEXT_COMMAND.split(line)]


def _found(text: Script, number: int, what: str) -> Finding:
    return Finding(
        check="network",
        severity=Severity.error,
        place=text.place(number),
        problem=f"{what} needs the network, and enable_internet is off",
        fix=f"{_ATTACH}, {_VOUCH}",
    )


def _asks(text: Script, call: ast.Call, names: Mapping[str, str]) -> str:
    """Return how a call would use the network, empty if it does not."""
    name = text.dotted(call.func, names)
    if _CALLS.fullmatch(name) and not _HARMLESS.fullmatch(name) and not _is_local(call):
        return f"{name}()"
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    weights = given.get("weights")
    if isinstance(weights, ast.Constant) and weights.value in _WEIGHTS:
        return f'weights="{weights.value}"'
    pretrained = given.get("pretrained")
    if isinstance(pretrained, ast.Constant) and pretrained.value is True:
        return "pretrained=True"
    return _installs(name, call) or _from_hub(name, call)


def _is_local(call: ast.Call) -> bool:
    values = {keyword.arg: keyword.value for keyword in call.keywords}
    source = values.get("source")
    return isinstance(source, ast.Constant) and source.value == "local"


def _installs(name: str, call: ast.Call) -> str:
    if not name.startswith(("subprocess.", "os.system", "os.popen")):
        return ""
    words = " ".join(str(part.value) for part in ast.walk(call) if isinstance(part, ast.Constant))
    if not _fetches(words):
        return ""
    return (
        "pip install without --no-index"
        if any(map(_PIP.match, _commands(words)))
        else f"{name}() of {words.split()[0]}"
    )


def _from_hub(name: str, call: ast.Call) -> str:
    """Tell ``X.from_pretrained("owner/model")`` from one that names a folder."""
    first = call.args[0] if call.args else None
    if not name.endswith(".from_pretrained") or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return ""
    local = first.value.startswith(("/", ".")) or any(
        keyword.arg == "local_files_only" and getattr(keyword.value, "value", False) for keyword in call.keywords
    )
    return "" if local else f'from_pretrained("{first.value}")'


def _exits(texts: Sequence[Script], names: Mapping[str, str]) -> Iterator[Finding]:
    """Find what would end the run while cells that make the submission are still to come."""
    last = max((index for index, text in enumerate(texts) if text.is_driver and "submission" in text.text), default=-1)
    for index, text in enumerate(texts):
        for node in _ends(text, names if text.is_driver else text.names):
            rest = text.text.split("\n")[node.lineno :]
            if text.is_driver and (index < last or any("submission" in line for line in rest)):
                problem = "ends the run before the submission: Kaggle skips the cells that follow"
                yield _exit_found(text, node.lineno, problem, Severity.error)
            elif not text.is_driver:
                problem = "would end the notebook, and with status 0 without a word"
                yield _exit_found(text, node.lineno, problem, Severity.warning)


def _ends(text: Script, names: Mapping[str, str]) -> Iterator[ast.expr | ast.stmt]:
    for node in text.running():
        if isinstance(node, ast.Call) and text.dotted(node.func, names) in _EXITS and not text.is_allowed(node.lineno):
            yield node
        elif isinstance(node, ast.Raise) and node.exc and not text.is_allowed(node.lineno):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if text.dotted(raised, {}) in {"SystemExit", "KeyboardInterrupt"}:
                yield node


def _exit_found(text: Script, number: int, problem: str, severity: Severity) -> Finding:
    fix = f"branch instead, raise an error, {_VOUCH}"
    return Finding(check="exit", severity=severity, place=text.place(number), problem=problem, fix=fix)
