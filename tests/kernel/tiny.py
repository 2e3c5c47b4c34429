"""A backbone of the EfficientNet family with two stages at a quarter of B0's width: seconds instead of minutes."""

from efficientnet import inject_tfkeras_modules, model

WIDTH = 320
"""Channels of its features."""


def efficientnet_tiny(stages=2, **options):
    blocks = model.DEFAULT_BLOCKS_ARGS[:stages]
    build = inject_tfkeras_modules(model.EfficientNet)
    return build(0.25, 1.0, 32, blocks_args=blocks, model_name="efficientnet-b0", **options)
