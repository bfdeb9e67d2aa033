"""The one error that users of the sandbox see.

Belongs here: nothing else. What the simulated APIs answer to wrong requests is theirs.
"""


class SandboxError(Exception):
    """Something about the sandbox failed: one line that names what and the remedy."""
