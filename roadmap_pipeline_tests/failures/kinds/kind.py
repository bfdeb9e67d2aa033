"""A kind of failure, and the families of kinds."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A step that failed: its family, the category, what it ran, what that said, and a part of the line of the cause.

    The output ends with GitHub's own error line, unless the last line holds a marker already.
    """

    family: str
    category: str
    command: str
    output: str
    cause: str


TERRAFORM, ANSIBLE, KUBERNETES, SIGNING, SOLVER = "terraform", "ansible", "kubernetes", "signing", "solver"
WRAPPER, SCANNER, OIDC, ARCHIVE, GATE = "wrapper", "scanner", "oidc", "archive", "gate"
RELEASE, LINKS, TRANSLATION, MERGE, LOCAL = "release", "links", "translation", "merge", "local port"
