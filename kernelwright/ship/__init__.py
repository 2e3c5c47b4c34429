"""Send datasets, kernels and submissions to Kaggle through its own client, and keep the push log."""
