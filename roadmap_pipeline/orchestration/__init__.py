"""Everything Dagster: assets, checks, jobs, schedules, sensors, partitions and resources.

Thin wrappers belong here. What an asset *does* lives in the other packages, which know nothing of Dagster.
No future annotations (PEP 563) in this package: Dagster reads the annotations of assets at run time.
"""
