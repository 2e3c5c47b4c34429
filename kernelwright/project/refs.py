"""Names of what lies on Kaggle: ``owner/slug``, and for a pinned one ``owner/slug/version``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SourceRef:
    """A dataset, a kernel or a model: who it belongs to, and the name its folder is mounted under."""

    owner: str
    slug: str

    @classmethod
    def parse(cls, text: str) -> "SourceRef":
        """Parse ``owner/slug[/version]`` or ``owner/model/framework/variation/version``; raises `ValueError`."""
        owner, slug, *_ = text.split("/")
        return cls(owner=owner, slug=slug)

    @property
    def name(self) -> str:
        """``owner/slug``, whatever the version."""
        return f"{self.owner}/{self.slug}"
