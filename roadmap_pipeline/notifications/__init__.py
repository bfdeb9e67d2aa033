"""Telling people elsewhere (Slack, Teams, mail, …) what changed about the risks of milestones, once for each change.

Belongs here: which changes are new to whom, when they may be told, their words, the journal, and sending through
Apprise. Which risks there are is computed in ``marts.milestone_risks``.
"""

from roadmap_pipeline.notifications.notifier import Delivery, Notifier, send_alert

__all__ = ["Delivery", "Notifier", "send_alert"]
