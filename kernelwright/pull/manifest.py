"""What a set-up cell says of the files a notebook was built from. It is read, never executed."""

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kernelwright.support import ipython_syntax


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the set-up cell says; of one that is missing or broken, nothing.

    Attributes
    ----------
    digests : mapping
        Path -> sha256 of each file the notebook was built from.
    elsewhere : frozenset of str
        The files among them that are no module cells: the set-up cell packs them, or a dataset brings them.
    driver : str
        The sha256 of the driver's cells; empty where it is not told.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    driver: str = ""

    @property
    def cells(self) -> frozenset[str]:
        """The files that were module cells when the notebook was built."""
        return frozenset(self.digests) - self.elsewhere


def read(text: str) -> Told:
    """Read a set-up cell, however an editor or a formatter wrote it."""
    tree = ipython_syntax.syntax_tree(text)
    config = next(_config(tree), {})
    digests, driver = (
        value if isinstance(value, dict) else {} for value in (config.get("files"), config.get("driver"))
    )
    packed = next(_packed(tree), frozenset())
    return Told(
        digests={str(path): str(digest) for path, digest in digests.items()},
        elsewhere=frozenset(digests) if packed is None else packed,
        driver=str(driver.get("sha256", "")),
    )


def _config(tree: ast.Module) -> Iterator[Mapping[str, object]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="_config")], value=ast.Constant(value=str(config))):
                try:
                    told = json.loads(config)
                except (ValueError, RecursionError):
                    continue
                if isinstance(told, dict):
                    yield told


def _packed(tree: ast.Module) -> Iterator[frozenset[str] | None]:
    """Yield the paths that are handed to the set-up; None where they come out of a dataset."""
    for node in tree.body:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="_set_up"), args=[_, ast.Dict(keys=keys)])):
                yield frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
            case ast.Expr(value=ast.Call(func=ast.Name(id="_set_up"), args=[_, ast.Call()])):
                yield None
