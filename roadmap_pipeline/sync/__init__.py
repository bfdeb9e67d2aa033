"""From desired state (the ``publish`` tables) to Notion and GitHub: observe, plan, apply, read back, journal.

The one place where GitHub and Notion meet. A dry run prints the very plan that a real run executes.
"""
