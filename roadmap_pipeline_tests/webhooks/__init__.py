"""The receiver of webhooks, over real HTTP."""
