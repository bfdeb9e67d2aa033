"""GitHub's payloads: telling their kind, bringing them into GitHub's own form, and the rows they become."""
