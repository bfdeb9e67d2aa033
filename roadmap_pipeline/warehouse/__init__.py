"""The DuckDB warehouse: opening it, transactions, snapshots, raw tables, and the runner of the SQL models.

What a number means is written in ``dbt_like_sql``, not here.
"""
