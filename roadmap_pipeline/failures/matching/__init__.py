"""Finding patterns in text, in linear time. Which patterns there are is in ``rules``."""
