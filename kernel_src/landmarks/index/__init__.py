"""An index of embeddings in a dataset folder: made once, attached, so that a rerun embeds what it lacks."""
