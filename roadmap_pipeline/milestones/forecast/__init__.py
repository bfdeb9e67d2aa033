"""Forecasts of when milestones will be finished, and how good such forecasts were.

Pure computation over the daily course of milestones in numpy, and its storing in ``derived``. Counting items is the SQL
models' business; so is scoring, in ``marts.forecast_accuracy``.
"""
