"""How long the hidden rerun will take, from runs of other sizes."""
