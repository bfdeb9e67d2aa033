"""The one error that users of the sandbox see.

Belongs here: nothing else. What the simulated APIs answer to wrong requests is theirs.
"""


class SandboxError(Exception):
    """A failure of the sandbox: one line that names what failed and the remedy."""
