"""Bring the edits in a notebook back into the modules and the driver. Nothing in the notebook is ever executed."""
