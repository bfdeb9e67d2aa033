"""GitHub's GraphQL API over the same store as REST: the part of its schema that reads CI history and pull requests.

``endpoint`` is the way in; ``execution`` and what it imports need ``graphql-core`` and are imported by the first query.
"""
