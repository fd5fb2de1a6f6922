"""What alerts may do, and what each action can't do without.

Source: src/alert-manager/config/alert_manager.py of OpenPAI, which worked out the list of actions.
"""

from __future__ import annotations

from paichart.model import Settings

SERVICE = "alert-manager"
RECEIVERS = ("pai-email-admin", "pai-cordon-nodes", "pai-cluster-usage", "pai-job-status-change")
"""Receivers that the chart itself brings; alerts that no route takes go to the first."""

TEMPLATES = ("cluster-usage", "general-templates", "job-status-change", "kill-low-efficiency-job-alert")
"""Mail templates that the chart brings."""

EMAIL = (SERVICE, "alert-handler", "email-configs")
TOKENS = ((SERVICE, "pai-bearer-token"), (SERVICE, "alert-handler", "pai-bearer-token"))
"""Where the administrator's token may stand; the second is its place before OpenPAI 1.6."""

LISTED = (SERVICE, "actions-available")
CORDON = "cordon-nodes"
FIX_GPU = "fix-nvidia-gpu-low-perf"
_NEEDS_EMAIL = ("email-admin", "email-user")
_NEEDS_TOKEN = ("email-user", "stop-jobs", "tag-jobs")


def has_email(services: Settings) -> bool:
    """Tell whether mails can be sent; the schema wants all of their settings or none."""
    return services.has(*EMAIL)


def has_token(services: Settings) -> bool:
    """Tell whether there is an administrator's token."""
    return any(services.has(*path) for path in TOKENS)


def lacks(services: Settings, action: str) -> tuple[str, ...]:
    """Return the settings that an action can't do without and that are not there."""
    missing = []
    if action in _NEEDS_EMAIL and not has_email(services):
        missing.append("email-configs")
    if action in _NEEDS_TOKEN and not has_token(services):
        missing.append("pai-bearer-token")
    if action in (CORDON, FIX_GPU) and services.has(*LISTED) and action not in services.items(*LISTED):
        missing.append(f"'{action}' in actions-available")
    return tuple(missing)
