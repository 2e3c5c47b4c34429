"""An edited notebook -> changes to the modules it was built from; nothing of the notebook is ever executed."""
