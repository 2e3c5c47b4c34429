"""A call, as the checks ask of it."""

import ast
import re
from dataclasses import dataclass

from kernelwright.check.code.evaluate import UNKNOWN, Scope
from kernelwright.check.code.shell import LOCAL

_REMOTE = re.compile(r"(https?|ftps?|s3a?|gs|gcs|hf|az|abfss?|sftp|ssh)://", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call under one of the names it may have."""

    name: str
    node: ast.Call
    scope: Scope

    @property
    def last(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def is_own(self) -> bool:
        """Whether the project defines what is called."""
        root = self.name.partition(".")[0]
        return self.last in self.scope.everywhere.own and (
            root in {"", self.name} or root in self.scope.everywhere.modules
        )

    @property
    def is_open(self) -> bool:
        """Whether arguments are given that cannot be told: ``*these``, ``**those``."""
        starred = any(isinstance(argument, ast.Starred) for argument in self.node.args)
        return starred or any(keyword.arg is None for keyword in self.node.keywords)

    def value(self, position: int | None, *keywords: str) -> ast.expr | None:
        """Return what an argument is given, a constant's value for its name; None where it is left out."""
        given = {keyword.arg: keyword.value for keyword in self.node.keywords}
        found = next((given[keyword] for keyword in keywords if keyword in given), None)
        if found is None and position is not None and position < len(self.node.args):
            found = self.node.args[position]
        return self.scope.meant(found)

    def text(self, position: int | None, *keywords: str) -> str:
        """Return the text an argument is given, empty where it is not known."""
        return self.scope.text(self.value(position, *keywords))

    def is_true(self, position: int | None, *keywords: str) -> bool:
        """Tell whether an argument is given True."""
        value = self.value(position, *keywords)
        return isinstance(value, ast.Constant) and value.value is True

    def is_false(self, *keywords: str) -> bool:
        """Tell whether an argument is given False."""
        value = self.value(None, *keywords)
        return isinstance(value, ast.Constant) and value.value is False

    def texts(self) -> list[str]:
        """Return every text among the arguments, those within a tuple or a list too."""
        given = [*self.node.args, *(keyword.value for keyword in self.node.keywords)]
        meant = [self.scope.meant(value) for value in given]
        flat = [part for one in meant for part in (one.elts if isinstance(one, ast.Tuple | ast.List) else [one])]
        return [text for part in flat if (text := self.scope.text(part))]

    @property
    def is_local(self) -> bool:
        """Whether an address of this machine is among the arguments, and none of another one."""
        texts = self.texts()
        return any(map(LOCAL.fullmatch, texts)) and not any(map(is_remote, texts))


def is_remote(text: str) -> bool:
    """Tell whether a text is the address of something on another machine."""
    return bool(_REMOTE.match(text)) and not LOCAL.fullmatch(text)


def shown(address: str) -> str:
    """Return an address without its path and without what may be secret in it."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{re.split(r'[/?#]', rest)[0].rpartition('@')[2]}"


def is_folder(name: str) -> bool:
    """Tell whether a name can only be a path here, or is not known well enough."""
    return not name or name.startswith(("/", ".", "~", UNKNOWN))
