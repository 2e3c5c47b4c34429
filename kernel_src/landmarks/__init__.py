"""Landmark recognition by global retrieval and local verification; one module per stage."""
