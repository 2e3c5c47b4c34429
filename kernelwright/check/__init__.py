"""Every check before a push, as a list of findings: nothing is printed, raised or changed here.

`survey` makes them, a module a check::

    metadata kernels notebook rehearsal wheels git unread    of the project's files
    secrets <- credentials                                   of every text
    inputs <- paths                                          of the code
    network <- downloads <- conditions, commands <- shell
    exits <- reached <- submitting

The code is read once for all: `scripts` finds its texts and syntax trees, `scope` knows what a name means in one,
`running` which branches are taken, `made` which folders the code makes, `silenced` what it keeps offline; `reading`
puts them together. `asked` is a call as the checks ask of it.
"""
