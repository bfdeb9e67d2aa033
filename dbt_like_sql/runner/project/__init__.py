"""The SQL project: its files, what they declare, and in which order models are built."""
