"""What rides in the notebook: standard library only."""
