"""Find values that only their names show to be secret: ``api_key = "…"``, ``Authorization: Bearer …``.

A line may be 100 kB long, so no pattern looks ahead without a bound: with one that did, such a line took minutes.
"""

import re
from collections.abc import Collection

_WORDS = (
    r"(?:pass(?:word|wd|phrase)|secret|(?:api|access|auth|secret|private|encryption|kaggle|wandb)[_-]?key|token|"
    r"credentials?)(?:[_-]?\d+|_(?:prod|dev|live|value))?"
)
# One of these is in every text that `_NAMED` or a pattern matches: see `may_be_in`.
_PARTS = ("passw", "passphrase", "secret", "key", "token", "credential", "bearer", "basic")
_NAME = rf"(?<!\w)(?P<name>[\w-]{{0,40}}{_WORDS})"
# `name: type =`, `name =`, `name :=`, `name ==`, `name:`, and a prefix of the string literal.
_SIGN = r"(?:\s*:\s*[\w.\[\]| ]{1,40}=|\s*:?==?|\s*:)\s*[rbu]?"
_QUOTED = r"\\?[\"'](?P<value>[^\"'\s{}<>\\]{16,500})\\?[\"']"
_BARE = r"(?P<value>[\w+/=.~-]{16,500})(?=[\s\"',;&)]|$)"
_NAMED = re.compile(rf"(?i){_WORDS}|\b(?:bearer|basic)\s")
_ASSIGNED = re.compile(rf"(?i){_NAME}(?:\\?[\"'])?\]?(?:{_SIGN}){_QUOTED}")
_LISTED = re.compile(rf"(?i){_NAME}[\"']\s*,\s*{_QUOTED}")
_UNQUOTED = re.compile(
    rf"(?i){_NAME}[\"']?(?:\s*[:=]\s*){_BARE}|--{_NAME.replace('<name>', '<option>')}\s+(?P<argument>\S{{16,}})"
)
_ADDRESS = re.compile(r"://[^\s\"']+")
_QUERY = re.compile(rf"(?i)[?&]{_NAME}=(?P<value>[\w+/.~-]{{16,}})")
_HEADER = re.compile(r"(?i)(?:authorization\W{1,6}|[\"'])(?:bearer|basic|token)\s+(?P<value>[\w.~+/=-]{16,})")
_KEY = re.compile(r"(?i)(?<!\w)(?:\w{1,20}_)?key[\"']?\]?\s*[:=]\s*[\"'](?P<value>[0-9a-f]{32}|[0-9a-f]{40})[\"']")
# The number of hexadecimal digits in a key of the service, and what a text that uses the service contains.
_SERVICES = {
    "a key of Kaggle's": (32, re.compile(r"KAGGLE_USERNAME|kaggle\.json|kaggle\.api|KaggleApi|\bimport kaggle\b")),
    "a key of Weights & Biases": (40, re.compile(r"(?i)\bwandb\b")),
}
_PLACEHOLDER = re.compile(
    r"(?i)your|(?<![a-z])example(?![a-z])|placeholder|change.?me|dummy|insert|replace|redacted|fake|sample|x{4}|\*{3}|\.\.\.|…"
    r"|(my|some|test|the)[-_]?(key|token|secret|password|api)"
)
_PATH = re.compile(r"[/~$%]|\.{1,2}/|[\w+.-]+://|.*\.(json|txt|csv|py|pem|key|env|ya?ml|toml|ini|cfg)$")
_WORDY = re.compile(r"[A-Za-z]+\d{0,2}|\d{1,4}")

_HIDDEN = re.compile(
    r"(?i)(?P<user>://)[^\s/@]{1,200}(?=@)|(?P<query>://[^\s\"'?]{0,500}\?)[^\s\"']+"
    rf"|(?P<option>--?(?:user|u|[\w-]{{0,40}}{_WORDS})(?:\s+|=)[\"']?)[^\s\"']+"
    rf"|(?P<name>(?<!\w)[\w-]{{0,40}}{_WORDS}=[\"']?)[^\s\"']+"
    r"|(?P<header>(?:authorization\W{1,6}\w+|bearer|basic|token)\s+)[\w.~+/=-]+"
    r"|(?P<login>\blogin\s+(?:--?[\w-]+\s+){0,9})(?!-)[^\s\"']+"
)
_LONG = re.compile(r"\b\w{20,}\b")


def masked(text: str) -> str:
    """Mask users and queries of addresses, and values that may be keys or passwords, in a text."""
    text = _HIDDEN.sub(lambda match: f"{match[match.lastgroup or 0]}…", text)
    return _LONG.sub(lambda match: "…" if is_random(match[0]) else match[0], text)


def services(text: str) -> Collection[str]:
    """Return the kinds of keys that a plain ``key`` in a text may hold, by the services that the text mentions."""
    return [kind for kind, (_, mention) in _SERVICES.items() if mention.search(text)]


def may_be_in(text: str) -> bool:
    """Return whether `kind` can find anything in the lines of a text. A fast test that rules out most texts."""
    folded = text.casefold()
    return any(part in folded for part in _PARTS)


def kind(line: str, services: Collection[str], *, bare: bool) -> str:
    """Return what kind of secret a line seems to contain, or an empty string.

    With ``bare``, values without quotation marks count too, as in commands and files of settings.
    """
    candidates: list[re.Match[str]] = []
    if _NAMED.search(line):  # every pattern below contains one of these words
        patterns = (_ASSIGNED, _LISTED, _HEADER, *([_UNQUOTED] if bare else []))
        candidates += [match for pattern in patterns for match in pattern.finditer(line)]
        candidates += [match for address in _ADDRESS.finditer(line) for match in _QUERY.finditer(address[0])]
    for match in candidates:
        groups = match.groupdict()
        value = groups.get("value") or groups.get("argument") or ""
        if is_random(value):
            is_kaggle = "kaggle" in (groups.get("name") or "").lower() and re.fullmatch(r"[0-9a-f]{32}", value)
            return "a key of Kaggle's" if is_kaggle else "a secret"
    lengths = {len(match["value"]) for match in _KEY.finditer(line)}
    return next((kind for kind in services if _SERVICES[kind][0] in lengths), "")


def is_random(value: str) -> bool:
    """Return whether a value looks like a key rather than words, a path, an address or a placeholder."""
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    if _PLACEHOLDER.search(value) or _PATH.match(value):
        return False
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", value) if part]
    return len(parts) == 1 or not all(map(_WORDY.fullmatch, parts))
