"""Measurements, as ratios within one run: ``python -m benchmarks [NAME …]``. Each module here has a ``main()``."""
