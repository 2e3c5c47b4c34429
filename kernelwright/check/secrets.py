"""Find keys and passwords in what would be uploaded."""

import re
from collections.abc import Iterator

from kernelwright.bundle.source_tree import DRIVER
from kernelwright.check import credentials
from kernelwright.check.context import Context
from kernelwright.check.registry import register
from kernelwright.check.suppression import ALLOW
from kernelwright.errors import Problem
from kernelwright.support import ipython_syntax

# Kind -> (texts separated by |, pattern). Every match contains one of the texts, which are much faster to search for.
# `(?!x{8})` leaves out placeholders such as hf_xxxxxxxx.
_KINDS = {
    "a private key": ("PRIVATE KEY", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a key of Kaggle's": ("KGAT_|key", r"KGAT_[0-9a-f]{20,}|[\"']key\\?[\"']\s*:\s*\\?[\"'][0-9a-f]{32}\\?[\"']"),
    "a token of Hugging Face": ("hf_", r"\bhf_(?!x{8})[A-Za-z0-9]{30,}"),
    "a token of GitHub": (
        "ghp_|gho_|ghu_|ghs_|ghr_|github_pat_",
        r"\b(?:gh[pousr]_(?!x{8})[A-Za-z0-9]{36,}|github_pat_(?!x{8})[A-Za-z0-9_]{50,})",
    ),
    "a token of GitLab": ("glpat-|gldt-|glrt-|glcbt-|glptt-", r"\bgl(?:pat|dt|rt|cbt|ptt)-(?!x{8})[\w-]{20,}"),
    "a key of AWS": ("AKIA|ASIA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a key of Google's": ("AIza|GOCSPX-", r"\bAIza[0-9A-Za-z_-]{35}|\bGOCSPX-[\w-]{20,}"),
    "a token of Slack": ("xox|slack.com", r"\bxox[abeprs]-[0-9A-Za-z-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+"),
    "a key of OpenAI or Anthropic": (
        "sk-",
        r"\bsk-(?:(?:ant|proj|svcacct|admin)-(?=[\w-]{0,200}\d)[\w-]{20,}|(?=[A-Za-z]*\d)[A-Za-z0-9]{20,})",
    ),
    "a key of Weights & Biases": (
        "wandb",
        r"\bwandb_v1_\w{20,}|\bwandb\.login\([^)]{0,200}[\"'][0-9a-f]{40}[\"']"
        r"|\bwandb[\"',\s]{1,20}login\b[^;&|#]{0,200}\b[0-9a-f]{40}\b",
    ),
    "a hook of Discord": ("/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"),
    "a token of Telegram": (":", r"(?<!\d)\d{8,10}:(?=[\w-]*\d)[A-Za-z0-9_-]{34,36}(?![\w-])"),
    "a token of Neptune": ("eyJ", r"\beyJhcGlfYWRkcmVzcyI6[\w+/=]{20,}"),
    "a key of Groq": ("gsk_", r"\bgsk_(?!x{8})[A-Za-z0-9]{40,}"),
    "a key of Stripe": ("k_live_", r"\b[sr]k_live_[0-9A-Za-z]{20,}"),
    "a signed token": ("eyJ", r"\beyJ[\w-]{8,500}\.[\w-]{8,4000}\.[\w-]{4,}"),
    "a password in an address": (
        "://",
        r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@\"'{}$<>()\[\]\\*]*:(?:%[0-9A-Fa-f]{2}|[^\s/@\"'{}$<>()\[\]\\*%])+@[\w\[]",
    ),
}
_PATTERNS = {kind: re.compile(pattern) for kind, (_, pattern) in _KINDS.items()}
_COMMAND = re.compile(r"(?:[\w., ]+=\s*)?[!%]|export\s")


def masked(text: str) -> str:
    """Replace whatever may be secret in a text, such as a command, by ``…``."""
    text = credentials.masked(text)
    for pattern in _PATTERNS.values():
        text = pattern.sub("…", text)
    return text


@register("secret", Context)
def secrets(context: Context) -> Iterator[Problem]:
    """Search the driver's cells and every carried text file for secrets."""
    driver = context.project.configuration.driver
    for cell in context.built.cells:
        line = cell.line
        if not line:  # a generated cell
            continue
        is_python = cell.kind == "code" and ipython_syntax.python_source(cell.source) is not None
        yield from in_text(driver, cell.source, first=line, is_python=is_python)
    for file in context.built.tree.files:
        if (file.is_source or file.origin == DRIVER) and file.text:  # vendored packages are not searched
            place = file.location if file.is_source else file.path
            yield from in_text(place, file.text, first=1, is_python=file.path.endswith(".py"))


def in_text(file: str, text: str, *, first: int, is_python: bool) -> Iterator[Problem]:
    """Search the lines of a text for secrets; its first line is line ``first`` of the file."""
    marked = (kind for kind, (marks, _) in _KINDS.items() if any(mark in text for mark in marks.split("|")))
    patterns = {kind: _PATTERNS[kind] for kind in marked if _PATTERNS[kind].search(text)}
    if not patterns and not credentials.may_be_in(text):  # true of most texts: their lines need not be searched
        return
    services = credentials.services(text)
    for number, line in enumerate(text.split("\n"), first):
        # In Python, only shell lines hold values without quotation marks; elsewhere, any line may.
        bare = not is_python or bool(_COMMAND.match(line.lstrip()))
        kind = next((kind for kind, pattern in patterns.items() if pattern.search(line)), "")
        code = "KW801" if kind else "KW802"
        if kind := kind or credentials.kind(line, services, bare=bare):
            message = f"looks like {kind}, which everybody who sees the notebook could read"
            fix = f"take it out and revoke it; on Kaggle, use kaggle_secrets; end an example with  # {ALLOW}"
            yield Problem(code=code, file=file, place=number, message=message, fix=fix)
