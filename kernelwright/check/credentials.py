"""Values that only their names give away as secret: ``api_key = "…"``, ``Authorization: Bearer …``."""

import re
from collections.abc import Collection

_WORDS = (
    r"(?:pass(?:word|wd|phrase)|secret|(?:api|access|auth|secret|private|encryption|kaggle|wandb)[_-]?key|token|"
    r"credentials?)(?:[_-]?\d+|_(?:prod|dev|live|value))?"
)
_NAME = rf"(?<!\w)(?P<name>[\w-]{{0,40}}{_WORDS})"
_GIVEN = r"(?:\s*:\s*[\w.\[\]| ]{1,40}=|\s*:?==?|\s*:)\s*[rbu]?"
_QUOTED = r"\\?[\"'](?P<value>[^\"'\s{}<>\\]{16,})\\?[\"']"
_BARE = r"(?P<value>[\w+/=.~-]{16,})(?=[\s\"',;&)]|$)"
_ASSIGNED = re.compile(rf"(?i){_NAME}(?:\\?[\"'])?\]?(?:{_GIVEN}){_QUOTED}")
_LISTED = re.compile(rf"(?i){_NAME}[\"']\s*,\s*{_QUOTED}")
_UNQUOTED = re.compile(
    rf"(?i){_NAME}[\"']?(?:\s*[:=]\s*){_BARE}|--{_NAME.replace('<name>', '<option>')}\s+(?P<given>\S{{16,}})"
)
_ASKED = re.compile(rf"(?i)://[^\s\"']*[?&]{_NAME}=(?P<value>[\w+/.~-]{{16,}})")
_HEADER = re.compile(r"(?i)(?:authorization\W{1,6}|[\"'])(?:bearer|basic|token)\s+(?P<value>[\w.~+/=-]{16,})")
_PLAIN = re.compile(r"(?i)(?<!\w)(?:\w{1,20}_)?key[\"']?\]?\s*[:=]\s*[\"'](?P<value>[0-9a-f]{32}|[0-9a-f]{40})[\"']")
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
    r"(?i)(?P<user>://)[^\s/@]+(?=@)|(?P<query>://[^\s\"'?]*\?)[^\s\"']+"
    rf"|(?P<option>--?(?:user|u|[\w-]{{0,40}}{_WORDS})(?:\s+|=)[\"']?)[^\s\"']+"
    rf"|(?P<name>(?<!\w)[\w-]{{0,40}}{_WORDS}=[\"']?)[^\s\"']+"
    r"|(?P<header>(?:authorization\W{1,6}\w+|bearer|basic|token)\s+)[\w.~+/=-]+"
    r"|(?P<login>\blogin\s+(?:--?[\w-]+\s+)*)(?!-)[^\s\"']+"
)
_LONG = re.compile(r"\b\w{20,}\b")


def masked(text: str) -> str:
    """Return a text without users and questions of addresses, and without values that may be keys or passwords."""
    text = _HIDDEN.sub(lambda found: f"{found[found.lastgroup or 0]}…", text)
    return _LONG.sub(lambda found: "…" if is_random(found[0]) else found[0], text)


def services(text: str) -> Collection[str]:
    """Return whose keys may stand in a text under a plain ``key``."""
    return [kind for kind, (_, mention) in _SERVICES.items() if mention.search(text)]


def kind(line: str, services: Collection[str], *, bare: bool) -> str:
    """Return what a line seems to give away, empty for nothing; ``bare`` where values need no quotation marks."""
    for pattern in (_ASSIGNED, _LISTED, _ASKED, _HEADER, *([_UNQUOTED] if bare else [])):
        for found in pattern.finditer(line):
            told = found.groupdict()
            value = told.get("value") or told.get("given") or ""
            if is_random(value):
                return "a key of Kaggle's" if _is_kaggles(told.get("name") or "", value) else "a secret"
    plain = {len(found["value"]) for found in _PLAIN.finditer(line)}
    return next((kind for kind in services if _SERVICES[kind][0] in plain), "")


def _is_kaggles(name: str, value: str) -> bool:
    return "kaggle" in name.lower() and bool(re.fullmatch(r"[0-9a-f]{32}", value))


def is_random(value: str) -> bool:
    """Tell a key from words, a path, an address and what stands in a key's place."""
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    if _PLACEHOLDER.search(value) or _PATH.match(value):
        return False
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", value) if part]
    return len(parts) == 1 or not all(map(_WORDY.fullmatch, parts))
