"""Loading the SQL project, building and testing its models, and exporting it to dbt."""
