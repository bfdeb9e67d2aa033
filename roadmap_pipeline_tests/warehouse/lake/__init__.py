"""A warehouse on PostgreSQL and S3. What needs servers is in ``whole_lake``, which only ``make test-lake`` runs."""
