"""The reasons why jobs fail: rules, classifier, fingerprints, redaction, and the excerpts of logs that are kept.

Pure functions over bytes and facts of a job. Fetching logs belongs to ``github``, counting failures to the SQL models.
"""
