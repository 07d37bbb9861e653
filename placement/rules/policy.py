"""Export and residency: which country may hold which class of chip or workload, by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether something is allowed, and the id of the rule that says so."""

    allowed: bool
    rule_id: str = ""


_FREE = Ruling(True)


@dataclass(frozen=True)
class Policy:
    """Rulings looked up from the tables ``export`` and ``residency``; the most specific row wins."""

    export: Mapping[tuple[str, str], Ruling] = field(default_factory=dict)  # (class, country)
    residency: Mapping[tuple[str, str], Mapping[str, Ruling]] = field(default_factory=dict)  # (class, origin) -> country

    @classmethod
    def of(cls, export: pd.DataFrame, residency: pd.DataFrame) -> Policy:
        """Return the policy that the two tables state."""
        exports = {
            (c, country): Ruling(rule != "deny", rule_id)
            for c, country, rule, rule_id in export[["export_class", "country", "rule", "rule_id"]].itertuples(index=False)
        }
        homes: dict[tuple[str, str], dict[str, Ruling]] = {}
        for c, origin, country, allow, rule_id in residency[["class", "origin", "country", "allow", "rule_id"]].itertuples(index=False):
            homes.setdefault((c, origin), {})[country] = Ruling(bool(allow), rule_id)
        return cls(exports, homes)

    def may_deploy(self, export_class: str, country: str) -> Ruling:
        """Say whether chips of a class may stand in a country (a cap counts as allowed; ``supply.chips`` limits it)."""
        return self.export.get((export_class, country), self.export.get((export_class, "*"), _FREE))

    def may_run(self, residency_class: str, origin: str, country: str) -> Ruling:
        """Say whether a workload of a class, for users of ``origin`` ("" for jobs), may run in a country."""
        rows = self.residency.get((residency_class, origin)) or self.residency.get((residency_class, ""), {})
        if country in rows:
            return rows[country]
        if "*" in rows:
            return rows["*"]
        first_allow = next((r for r in rows.values() if r.allowed), None)
        return Ruling(False, first_allow.rule_id) if first_allow else _FREE
