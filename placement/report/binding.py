"""The binding layer in one sentence: by relief where it was measured, else by local prices, else what is missing to know it."""

from __future__ import annotations

import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd
from placement.report.scarcity import by_layer, reached
from placement.report.tables import records

_NIL = 1e-9
ASK = "placement explain RUN"


def relieved(bottlenecks: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of single layers, everywhere, the most valuable first."""
    if bottlenecks is None or bottlenecks.empty:
        return pd.DataFrame(columns=["layer", "step", "value_musd", "at_least_musd", "at_most_musd"])
    alone = bottlenecks.loc[(bottlenecks["with_layer"] == "") & (bottlenecks["site"] == "")]
    return alone.sort_values("value_musd", ascending=False, kind="stable", ignore_index=True)


def binding(facts: Facts, limits: pd.DataFrame, untold: str, bottlenecks: pd.DataFrame | None) -> str:
    """Return the sentence.

    Parameters
    ----------
    limits
        Typed prices of limits.
    untold
        Why there are no prices; blank where they were computed.
    bottlenecks
        What ``placement explain`` found; ``None`` or without rows where it was not asked.
    """
    found = relieved(bottlenecks)
    if len(found):
        return _by_relief(found)
    if untold:
        full = reached(facts).loc[lambda d: d["full"] > 0]
        told = listed([f"{fixed(r.full)} of {fixed(r.of)} {r.what}" for r in records(full)], 6)
        said = f"limits that are reached: {told}; what any of them is worth is not known" if told else "not known"
        return f"{said}: {untold}. {ASK} finds it by solving again."
    layers = by_layer(facts, limits).loc[lambda d: d["musd"] > _NIL]
    if layers.empty:
        return f"No layer binds by local prices: with the decisions of this plan fixed, no limit of known size holds it back. {ASK} asks with decisions free."
    ranked = [f"{layer} ({musd(value)})" for layer, value in zip(layers["layer"], layers["musd"], strict=True)]
    return (
        f"Scarcest by local prices: {listed(ranked, 4)}. That is what limits earn with the decisions fixed; "
        f"rules (latency, residency, export) have no such price. {ASK} finds what relief of each layer is worth."
    )


def _by_relief(found: pd.DataFrame) -> str:
    some = found.loc[found["value_musd"] > _NIL]
    if some.empty:
        return "No single layer binds: no standard step of relief in any of them improves the plan that was found."
    top = some.iloc[0]
    first = f"{top['step']} would be worth {musd(top['value_musd'])} (between {musd(top['at_least_musd'])} and {musd(top['at_most_musd'])} for certain)"
    rest = [f"{layer} ({musd(value)})" for layer, value in zip(some["layer"].iloc[1:], some["value_musd"].iloc[1:], strict=True)]
    return f"The layer that binds most is {top['layer']}: {first}" + (f"; next {listed(rest, 4)}." if rest else "; relief in no other layer is worth anything.")
