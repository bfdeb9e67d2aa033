"""The knowledge of failures: categories, the project's rules and the users' own."""
