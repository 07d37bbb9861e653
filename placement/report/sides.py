"""Two plans as a page sees them, and the words for what differs between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from placement.case.case import Case
from placement.report.difference_charts import Interval
from placement.report.facts import Facts
from placement.report.formats import MINUS, MISSING, THIN, accelerators, figure_of, fixed, listed, number, percent, plural, significant
from placement.report.tables import names_of, records

#: Layers of a plan with the kinds of decisions that belong to each (`placement.explain.plans.KINDS`), in reading order.
LAYERS = {
    "Sites and halls": ("site", "opening", "hall"),
    "Power": ("grid tier", "contract", "generator", "storage"),
    "Accelerators": ("chips ordered", "chips rented"),
    "Training": ("job",),
    "Inference": ("service",),
    "Fibre": ("fibre",),
}
_NOUNS = {"opening": "site", "storage": "storage plant", "fibre": "link"}
_SAID = {"more": "larger", "less": "smaller", "other chip": "on another chip"}
_NAMED = 3  # of one kind, with their names; more of them are counted


@dataclass(frozen=True, eq=False)
class Side:
    """One of two plans.

    Attributes
    ----------
    name
        What it is called on the page; never the same for both.
    summary
        What ``summary.json`` holds.
    link
        Relative address of its own report; blank where there is none.
    """

    name: str
    facts: Facts
    summary: Mapping[str, object]
    kpis: Mapping[str, float]
    link: str = ""


@dataclass(frozen=True, eq=False)
class Differences:
    """What differs; tables as :class:`placement.Comparison` has them, the second plan itself taken out of ``causes`` as ``whole``."""

    inputs: pd.DataFrame
    plan: pd.DataFrame
    kpis: pd.DataFrame
    causes: pd.DataFrame
    whole: Interval
    note: str = ""
    together: str = ""  # the cause of what no change of the input brings alone


def layer_of(kind: str) -> str:
    """Return the layer that a kind of decision belongs to."""
    return next((layer for layer, kinds in LAYERS.items() if kind in kinds), "Other")


class Names:
    """Ids of both plans as the names that their cases give them."""

    def __init__(self, sides: Sequence[Side]) -> None:
        cases = [s.facts.case for s in sides]
        self.dated = not any("pairs" in case for case in cases)
        self.sites = _all(s.facts.site_names for s in sides)
        self.skus = _all(s.facts.sku_names for s in sides)
        self.links = _all(_links(case, {**self.sites, **names_of(case["metros"], "metro")}) for case in cases)
        self.workloads = _all(names_of(c[t], k) for c in cases for t, k in (("jobs", "job"), ("services", "service")))

    def what(self, kind: str, what: str) -> str:
        """Return what a decision is about."""
        if kind in ("site", "opening"):
            return self.sites.get(what, what)
        if kind in ("hall", "grid tier"):
            site, part = self._split(what)
            return f"{site} {part}".strip()
        if kind.startswith("chips"):
            return self.skus.get(what, what)
        if kind == "service":
            at = next((i for i, c in enumerate(what) if c == "/" and what[i + 1 :] in self.sites), -1)
            return f"{self.workloads.get(what[:at], what[:at])} at {self.sites[what[at + 1 :]]}" if at > 0 else what
        return self.workloads.get(what, what) if kind == "job" else self.links.get(what, what) if kind == "fibre" else what

    def value(self, kind: str, value: str, unit: str) -> str:
        """Return what was decided: a period, a place, or an amount with its unit."""
        if value == "-" or (unit and not float(value)):
            return MISSING
        if unit == "modules":
            return plural(round(float(value)), "module")
        if unit:
            return accelerators(float(value)) if unit == "accelerators" else significant(float(value), 4) + THIN + unit
        if kind == "job":
            site, sku, start = (*value.split(", "), "", "")[:3]
            start = start if self.dated else ""
            return ", ".join(filter(None, (self.sites.get(site, site), self.skus.get(sku, sku), start)))
        return value

    def _split(self, what: str) -> tuple[str, str]:
        """Return site and the rest of ``site/rest``; ids may hold a slash of their own."""
        at = next((i for i, c in enumerate(what) if c == "/" and what[:i] in self.sites), -1)
        return (self.sites[what[:at]], what[at + 1 :]) if at > 0 else ("", what)


def _all(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        found = {**part, **found}  # the first plan's name counts where both have one
    return found


def _links(case: Case, places: Mapping[str, str]) -> dict[str, str]:
    """Return fibre links by their two ends and their id, for several may join the same two."""
    links = case["links"]
    return {str(i): f"{places.get(a, a)} to {places.get(b, b)} ({i})" for i, a, b in zip(links["link"], links["a"], links["b"], strict=True)}


def in_words(plan: pd.DataFrame, names: Names) -> dict[str, str]:
    """Return what a plan decides otherwise, one phrase per layer."""
    found: dict[str, list[str]] = {}
    for (kind, change), rows in plan.loc[plan["kind"] != "service"].groupby(["kind", "change"], sort=False):
        found.setdefault(layer_of(str(kind)), []).append(_phrase(str(kind), str(change), rows, names))
    shares = plan.loc[plan["kind"] == "service"].sort_values("difference", key=abs, ascending=False, kind="stable")
    if len(shares):
        first = [f"{names.what('service', str(r.what))} from {percent(float(r.a) / 100)} to {percent(float(r.b) / 100)}" for r in records(shares.head(_NAMED))]
        rest = [f"{len(shares) - _NAMED} more shares differ"] if len(shares) > _NAMED else []
        found[layer_of("service")] = [f"share of the demand of {'; '.join([*first, *rest])}"]
    return {layer: "; ".join(found[layer]) for layer in (*LAYERS, "Other") if layer in found}


def _phrase(kind: str, change: str, rows: pd.DataFrame, names: Names) -> str:
    called = [names.what(kind, str(what)) for what in rows["what"]]
    if kind.startswith("chips"):
        sizes = [f"{fixed(abs(d))} {'fewer' if d < 0 else 'more'} {one}" for d, one in zip(rows["difference"], called, strict=True)]
        return f"{listed(sizes, _NAMED)} {'rented at most' if kind == 'chips rented' else 'ordered'}"
    return f"{plural(len(rows), _NOUNS.get(kind, kind))} {_SAID.get(change, change)}" + (f" ({listed(called, _NAMED)})" if len(rows) <= _NAMED else "")


def change_of(kpi: str, change: float) -> str:
    """Return the change of a key figure with its sign; that of a share in percentage points.

    Examples
    --------
    >>> change_of("capex_musd", -12.5), change_of("unserved_share", 0.0811), change_of("salvage_musd", -3.0)
    ('\u221212.5\u202fM$', '+8.11\u202fpoints', '+3\u202fM$')
    """
    if number(change) != number(change):
        return MISSING
    turned = figure_of(kpi, 1.0)[1].startswith(MINUS)  # costs below zero are shown as what they bring
    shown = figure_of(kpi, abs(change))[1].lstrip(MINUS)
    if shown.endswith("%"):
        shown = f"{significant(100 * abs(change))}{THIN}points"
    return ("" if not change else "+" if (change > 0) != turned else MINUS) + shown
