"""The pipeline's semantics written plainly: one image, one pair, one query at a time, without a thought for speed."""
