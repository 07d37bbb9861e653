"""Residency and export rules and the eligibility that they decide, from section 7 of models/README.md."""

from __future__ import annotations

import pandas as pd

from placement.case.case import Case
from placement.plan.checking.verdict import Findings, rows


class Residency:
    """Says which rule forbids a residency class with users in ``origin`` to run in a country."""

    def __init__(self, case: Case) -> None:
        self._rules: dict[tuple[str, str], list[tuple[str, bool, str]]] = {}
        for row in case["residency"].to_dict("records"):
            self._rules.setdefault((row["class"], row["origin"]), []).append((row["country"], bool(row["allow"]), row["rule_id"]))
        self._answers: dict[tuple[str, str, str], str] = {}

    def denied(self, residency: str, origin: str, country: str) -> str:
        """Return the id of the rule that denies, or ``""`` where it is allowed."""
        key = (residency, origin, country)
        if key not in self._answers:
            self._answers[key] = self._decide(*key)
        return self._answers[key]

    def _decide(self, residency: str, origin: str, country: str) -> str:
        if residency == "":
            return ""
        own = self._rules.get((residency, origin)) if origin else None
        rules = own or self._rules.get((residency, ""), [])
        for wanted in (country, "*"):
            for place, allow, rule_id in rules:
                if place == wanted:
                    return "" if allow else rule_id
        return next((rule_id for _, allow, rule_id in rules if allow), "")


class Export:
    """Says which export row holds for a class of chips in a country."""

    def __init__(self, case: Case) -> None:
        table = case["export"]
        self.rows = table.to_dict("records")
        self._row = {(row["export_class"], row["country"]): row for row in self.rows}

    def countries(self, export_class: str) -> set[str]:
        """Return the countries that have a row of their own."""
        return {row["country"] for row in self.rows if row["export_class"] == export_class and row["country"] != "*"}

    def denied(self, export_class: str, country: str) -> str:
        """Return the id of the rule that denies, or ``""``."""
        row = self._row.get((export_class, country)) or self._row.get((export_class, "*")) if export_class else None
        return str(row["rule_id"]) if row and row["rule"] == "deny" else ""


def check_placement_rules(case: Case, placed: pd.DataFrame, found: Findings, who: str) -> None:
    """Note rows that break residency or export; ``placed`` has residency, origin, country, export_class, site and sku."""
    residency, export = Residency(case), Export(case)
    by_residency = [residency.denied(*key) for key in zip(placed["residency"], placed["origin"], placed["country"], strict=True)]
    by_export = [export.denied(*key) for key in zip(placed["export_class"], placed["country"], strict=True)]
    told = placed.assign(by_residency=by_residency, by_export=by_export)
    for rule in ("residency", "export"):
        column = told[f"by_{rule}"]
        where = rows(told, who + " at {site} on {sku} (rule {by_" + rule + "})")
        found.never(rule, column != "", where, f"the {rule} rules forbid it")
