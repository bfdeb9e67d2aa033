"""The catalogue of causes: why jobs of the simulated organisation fail, and what their logs then say.

Belongs here: each cause with its category of the failure taxonomy and the lines the failing tool writes, in the public
wording of those tools. How often which kind of job fails of what is ``odds``, the log around those lines is ``logs``.
"""

from collections.abc import Mapping

from . import code, configuration, dependencies, platform, testing
from .cause import Cause, fake_token

__all__ = ["CAUSES", "Cause", "fake_token"]

CAUSES: Mapping[str, Cause] = {
    **testing.CAUSES,
    **code.CAUSES,
    **dependencies.CAUSES,
    **configuration.CAUSES,
    **platform.CAUSES,
}
