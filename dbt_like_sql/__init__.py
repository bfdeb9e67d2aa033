"""A small dbt of its own: the SQL models, their tests and seeds, and the runner that builds them.

Imports nothing of the product; what Python fills (the sources) is handed to the runner.
"""
