"""The error of whoever can't get at the warehouse.

Belongs here: what files and lakes share. What is wrong is said by whoever finds it.
"""

from roadmap_pipeline.errors import RoadmapError


class WarehouseError(RoadmapError):
    """The warehouse can't be opened, locked or written to."""
