"""The contents of Kaggle's images, and the Python interpreters of this machine."""
