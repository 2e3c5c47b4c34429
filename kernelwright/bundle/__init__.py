"""Project -> source tree -> notebook."""
