"""Names of what lies on Kaggle: ``owner/slug``, and for a pinned one ``owner/slug/version``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SourceRef:
    """A dataset, a kernel or a model that a notebook attaches.

    Attributes
    ----------
    owner, slug : str
        Who it belongs to, and the name its folder is mounted under.
    framework, variation : str
        Of a model, which has one folder per variation; else empty.
    version : int or None
        What it is pinned to.
    """

    owner: str
    slug: str
    framework: str = ""
    variation: str = ""
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> "SourceRef":
        """Parse ``owner/slug[/version]`` or ``owner/model/framework/variation/version``; raises `ValueError`."""
        owner, slug, *rest = text.split("/")
        if len(rest) <= 1:
            return cls(owner=owner, slug=slug, version=int(rest[0]) if rest else None)
        framework, variation, version = rest
        return cls(owner=owner, slug=slug, framework=framework, variation=variation, version=int(version))

    @property
    def name(self) -> str:
        """``owner/slug``, whatever the version."""
        return f"{self.owner}/{self.slug}"

    def __str__(self) -> str:
        parts = (self.owner, self.slug, self.framework, self.variation, str(self.version or ""))
        return "/".join(part for part in parts if part)
