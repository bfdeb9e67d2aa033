"""The text of logs: cleaning, structure, excerpts, redaction."""
