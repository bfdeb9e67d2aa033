"""Everything that the command line draws with Rich: progress bars, tables, the summary of a run.

Presentation only: everything printed here comes ready from the stages or the warehouse.
"""
