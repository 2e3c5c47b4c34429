"""Keys and passwords in what would be uploaded."""

import re
from collections.abc import Iterator

from kernelwright.building import Notebook
from kernelwright.preflight.findings import Finding, Severity
from kernelwright.preflight.scripts import ALLOWED, is_own, origin
from kernelwright.sources import DRIVER

_KINDS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a key of Kaggle's": r"KGAT_[0-9a-f]{20,}|[\"']key[\"']\s*:\s*[\"'][0-9a-f]{32}[\"']",
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{30,}",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of Google's": r"\bAIza[0-9A-Za-z_-]{35}",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a key of OpenAI or Anthropic": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}",
    "a secret": (
        r"(?i)\b\w*(?:password|passwd|secret|api_?key|access_?token|auth_?token|wandb_key)\w*"
        r"[\"']?\s*[:=]\s*[\"'](?=[^\"'\s]*\d)(?=[^\"'\s]*[A-Za-z])[^\"'\s{}<>]{16,}[\"']"
    ),
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}


def check(built: Notebook) -> Iterator[Finding]:
    """Search every text that is carried, the driver's cells included."""
    for cell in built.cells:
        if "driver" in cell.metadata.get("kernelwright", {}):
            yield from _in(f"driver, cell {cell.metadata['kernelwright']['driver'] + 1}", cell.source)
    for file in built.tree.files:
        if (is_own(file) or file.origin == DRIVER) and file.text:
            yield from _in(origin(file) if is_own(file) else file.path, file.text)


def _in(place: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        kind = next((kind for kind, pattern in _PATTERNS.items() if pattern.search(line)), None)
        if kind and ALLOWED not in line:
            yield Finding(
                check="secret",
                severity=Severity.error,
                place=f"{place}:{number}",
                problem=f"looks like {kind}, which everybody who sees the notebook could read",
                fix="take it out and revoke it; on Kaggle, use kaggle_secrets",
            )
