"""Parsers of outside input, fed with damaged copies of what they are for: `make fuzz`; figures in docs/security.md."""
