"""The tests; tests/mini makes the dataset they and the rehearsal use."""
