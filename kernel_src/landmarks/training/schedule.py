"""The learning rate schedule of a stage."""

import math


def learning_rate(highest: float, warmup: float, step: int, steps: int) -> float:
    """Return the learning rate of a step: linear warm-up, then cosine decay.

    Parameters
    ----------
    highest : float
        The rate at the last step of the warm-up.
    warmup : float
        The share of the steps that belong to the warm-up.
    step : int
        Number of the step, counted from 0.
    steps : int
        Number of steps of the stage.

    Returns
    -------
    float
        Above 0 at the first step, and close to 0 at the last.

    References
    ----------
    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, https://arxiv.org/abs/1608.03983
    """
    warming = round(warmup * steps)
    if step < warming:
        return highest * (step + 1) / warming
    return highest * 0.5 * (1.0 + math.cos(math.pi * (step - warming) / (steps - warming)))
