"""Estimate the duration of the hidden rerun from runs of other sizes."""
