"""Resolve, lock and fetch the distributions that Kaggle's image lacks, and carry them as a dataset of wheels."""
