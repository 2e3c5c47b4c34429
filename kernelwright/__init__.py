"""Edit Kaggle kernels as modules; build, rehearse and ship them as one offline notebook."""

__version__ = "0.1.0"
