"""A warehouse that several machines share: DuckLake, its catalog in PostgreSQL, its rows as Parquet files.

Everything that a file does otherwise is here; what both do alike is in ``warehouse`` itself.
"""
