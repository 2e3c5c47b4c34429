"""What a text says once for all the code: which services stay offline, and which libraries find their files here."""

import re
from collections.abc import Iterator

from kernelwright.check.code.call import Asked

_SERVICE = re.compile(r"(WANDB|COMET|NEPTUNE)_(?:MODE|DISABLED)\W{1,8}(?:offline|disabled|dryrun|true)", re.IGNORECASE)
_WITHOUT_INDEX = re.compile(
    r"(?:%(?:set_)?env\s+|environ\W{1,3}(?:setdefault\W{2}|update\W{2,3})?)PIP_NO_INDEX[\"'\]]*\s*[=,:\s]\s*[\"']?(?:1|true|yes|on)\b",
    re.IGNORECASE,
)
_HF_HOME = "HF_HOME|HF_HUB_CACHE|HUGGINGFACE_HUB_CACHE|TRANSFORMERS_CACHE|SENTENCE_TRANSFORMERS_HOME"
_FULL = r"[\"'\]]*\s*[=,:\s]\s*[\"']?(?:/kaggle|\.\.)/input"
_CACHES = {
    "torch": re.compile(rf"(?m)^[^#\n]*(?:\.cache/torch|torch/hub/checkpoints|TORCH_HOME{_FULL}|hub\.set_dir\()"),
    "keras": re.compile(rf"(?m)^[^#\n]*(?:[/\"']\.keras\b|KERAS_HOME{_FULL})"),
    "hub": re.compile(rf"(?m)^[^#\n]*(?:\.cache/huggingface|(?:{_HF_HOME}){_FULL})"),
}
_OWNERS = {
    "keras": re.compile(r"(tensorflow|tf_keras|keras|efficientnet|classification_models|segmentation_models)\."),
    "hub": re.compile(r"(transformers|sentence_transformers|diffusers|tokenizers|peft|vllm|evaluate)\."),
}


def services(text: str) -> Iterator[str]:
    """Yield what a text keeps from the network: a service, ``pip``, or a library by the cache it fills."""
    yield from (found[1].lower() for found in _SERVICE.finditer(text))
    if _WITHOUT_INDEX.search(text):
        yield "pip"
    yield from (cache for cache, pattern in _CACHES.items() if pattern.search(text))


def finds_here(asked: Asked) -> bool:
    """Tell whether the code fills the cache in which what is called looks first."""
    known = next((cache for cache, pattern in _OWNERS.items() if pattern.match(asked.name)), "")
    looks = {known} if known else {"torch", "hub"}
    return bool(looks & asked.scope.everywhere.silenced)
