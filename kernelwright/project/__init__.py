"""Read and check pyproject.toml and kernel-metadata.json."""
