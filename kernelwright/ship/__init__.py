"""Kaggle, through its own client as a subprocess: datasets, kernels, submissions, and the record of what was pushed."""
