"""Helpers for all packages: atomic files, git, file locks, polling, hashing, IPython's syntax."""
