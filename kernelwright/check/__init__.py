"""All checks before a push. They return findings and do not print, raise or change anything.

`run.run_checks` runs them. A check is a function that registers itself (`registry`). It checks the project's files, the
project, or the built notebook (`context`), and yields problems. `run` turns problems into findings with a severity
(`finding`), drops suppressed ones (`suppression`) and sorts the rest.
"""
