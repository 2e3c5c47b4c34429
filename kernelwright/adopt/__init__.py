"""What exists becomes a project: a notebook, or a repository."""
