"""What a bootstrap cell says of the build of its notebook. It is read, never executed."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from kernelwright.support import ipython_syntax, json_text


@dataclass(frozen=True, kw_only=True)
class BuildManifest:
    """What the bootstrap cell says; of one that is missing or broken, nothing.

    Attributes
    ----------
    kernel : str
        The slug of the kernel the notebook was built for.
    digests : mapping
        Path -> sha256 of each file the notebook was built from.
    packed : frozenset of str
        The files among them that are no module cells: the bootstrap cell packs them, or a dataset brings them.
    driver : str
        The sha256 of the driver's cells.
    """

    kernel: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    packed: frozenset[str] = frozenset()
    driver: str = ""

    @property
    def cells(self) -> frozenset[str]:
        """The files that were module cells when the notebook was built."""
        return frozenset(self.digests) - self.packed


def read(text: str) -> BuildManifest:
    """Read a bootstrap cell, however an editor or a formatter wrote it."""
    config: Mapping[str, object] = {}
    packed: frozenset[str] | None = frozenset()
    for node in ipython_syntax.syntax_tree(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="_config")], value=ast.Constant(value=str(written))):
                config = json_text.parse_object(written)
            case ast.Expr(value=ast.Call(func=ast.Name(id="_set_up"), args=[_, ast.Dict(keys=keys)])):
                packed = frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
            case ast.Expr(value=ast.Call(func=ast.Name(id="_set_up"), args=[_, ast.Call()])):
                packed = None  # they all come out of a dataset
    files, driver = config.get("files"), config.get("driver")
    digests = files if isinstance(files, dict) else {}
    return BuildManifest(
        kernel=str(config.get("kernel", "")),
        digests={path: str(digest) for path, digest in digests.items()},
        packed=frozenset(digests) if packed is None else packed,
        driver=str(driver.get("sha256", "")) if isinstance(driver, dict) else "",
    )
