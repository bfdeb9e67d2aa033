"""The texts people read: the weekly report, the pull-request comment, the status of the terminal.

Rendering only. Every number comes from a table of the warehouse; none is computed here.
"""
