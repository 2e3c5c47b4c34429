"""What every room needs: atomic files, git, file locks, polling, hashing, IPython's syntax."""
