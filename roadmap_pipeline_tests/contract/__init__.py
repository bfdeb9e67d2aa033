"""Every request to a simulated GitHub and every response of it, held against GitHub's contract.

``typed`` reads the contract from ``githubkit``, a package on PyPI that is generated from GitHub's own description of
its API: it always runs. ``openapi`` reads the description itself, which knows status codes and formats besides, where
it lies beside the project (``make test-recorded``). ``watching`` looks at what passes. What both leave out is in
``exceptions``.
"""
