"""Collect a project's files into a source tree and build the notebook from it."""
