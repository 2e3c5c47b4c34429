"""A precomputed index of embeddings. A run that attaches it embeds only the images that are not in it."""
