"""How right the recognition is, by ingredient: a bed of photographs that is large enough to tell."""
