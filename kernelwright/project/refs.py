"""References to sources on Kaggle: ``owner/slug``, or ``owner/slug/version`` for a pinned version."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SourceRef:
    """A dataset, kernel or model on Kaggle: its owner, and the slug after which its mounted folder is named."""

    owner: str
    slug: str

    @classmethod
    def parse(cls, text: str) -> "SourceRef":
        """Parse ``owner/slug[/version]`` or ``owner/model/framework/variation/version``; raises `ValueError`."""
        owner, slug, *_ = text.split("/")
        return cls(owner=owner, slug=slug)

    @property
    def name(self) -> str:
        """``owner/slug``, without the version."""
        return f"{self.owner}/{self.slug}"
