"""Building models: what has to be built, as a whole or by the rows that changed."""
