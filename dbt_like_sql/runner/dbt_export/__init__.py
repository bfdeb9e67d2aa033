"""The project as dbt reads it."""
