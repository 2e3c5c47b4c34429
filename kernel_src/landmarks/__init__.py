"""Landmark recognition: global retrieval, then local verification, one stage a module."""
