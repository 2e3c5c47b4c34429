"""Pictures of the data and of what was recognised, a module per family."""
