"""Everything Dagster: assets, checks, jobs, schedules, sensors, partitions and resources.

Thin wrappers belong here. What an asset *does* lives in the other packages, which know nothing of Dagster.
No future annotations (PEP 563) in this package: Dagster reads the annotations of assets at run time.
"""

import warnings

import dagster as dg

# Owners of jobs, schedules and sensors are in beta: whoever runs a command can do nothing about that.
warnings.filterwarnings("ignore", message="Parameter `owners` of", category=dg.BetaWarning)
