"""Data tests on what is stored, unit tests on given rows."""
