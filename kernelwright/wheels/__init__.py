"""What the kernel needs and Kaggle's image lacks: resolved, locked, fetched, carried as a dataset, proven."""
