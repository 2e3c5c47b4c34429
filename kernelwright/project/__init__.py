"""pyproject.toml and kernel-metadata.json, and what they say of one another."""
