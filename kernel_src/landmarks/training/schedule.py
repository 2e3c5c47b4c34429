"""The learning rate over the steps of a stage."""

import math


def learning_rate(highest: float, warmup: float, step: int, steps: int) -> float:
    """Return the rate of a step: up along a line, then down along half a cosine.

    Parameters
    ----------
    highest : float
        Reached at the last step of the warm-up.
    warmup : float
        The share of the steps over which the rate rises.
    step : int
        From 0; its rate is above 0, so that no step is spent on nothing.
    steps : int
        Of the stage.

    Returns
    -------
    float
        Close to 0 at the last step.

    References
    ----------
    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, https://arxiv.org/abs/1608.03983
    """
    warming = round(warmup * steps)
    if step < warming:
        return highest * (step + 1) / warming
    return highest * 0.5 * (1.0 + math.cos(math.pi * (step - warming) / (steps - warming)))
