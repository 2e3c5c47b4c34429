"""The mini dataset: a competition's folder small enough to make in two minutes, and a network trained on it."""
