"""Make a project from an existing notebook (`convert`) or repository (`repository`)."""
