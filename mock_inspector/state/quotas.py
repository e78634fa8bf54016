"""The service's quotas."""

from __future__ import annotations

from collections.abc import Mapping

QUOTAS: Mapping[str, int | None] = {
    "assessment_targets": 50,
    "assessment_templates": 500,
    "assessment_runs": 50_000,
    "agents": 500,
    "resource_groups": None,
    "event_subscriptions": None,
}
"""The quotas of an account in a region (user guide, section "Limits"); None where only an error code is known."""
