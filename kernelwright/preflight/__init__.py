"""Every check before a push, as a list of findings: nothing is printed, raised or changed here."""
