"""Every check before a push, as a list of findings: nothing is printed, raised or changed here.

`run.run_checks` makes them. A check is a function that registers itself (`registry`): of the project's files, of the
project, or of the assembled notebook (`context`). It yields problems; `run` judges them (`finding`), leaves out what
is not wanted (`suppression`) and sorts.
"""
