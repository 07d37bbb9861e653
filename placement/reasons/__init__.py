"""Why workloads are not served, as far as rules and local prices say it."""

from __future__ import annotations

from placement.reasons.unservable import nowhere, uncovered, unservable
from placement.reasons.unserved import unserved

__all__ = ["nowhere", "uncovered", "unservable", "unserved"]
