"""Checks of the notebook's code: find what does not work on Kaggle."""
