"""Figures of failure domains and spares."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def redundancy(case: Case, tables: Tables) -> dict[str, float]:
    """Return spare units beside those that serve, and the largest share of a metro's demand that one failure domain serves."""
    services, served, out = case["services"], tables["inference"], {}
    if (services["redundancy"] != "").any():
        guarded = served[served["service"].isin(list(services.loc[services["redundancy"] != "", "service"]))]
        out["spare_units_mean"] = tables["spares"]["units"].sum() / case.n_periods
        out["spare_share"] = tables["spares"]["units"].sum() / guarded["units"].sum() if len(guarded) else 0.0
    if len(served) and (out or services["max_share_per_domain"].notna().any()):
        sites = case["sites"]
        domain = dict(zip(sites["site"], sites["failure_domain"].where(sites["failure_domain"] != "", sites["site"]), strict=True))
        out["domain_share_max"] = served.groupby(["service", "metro", "period", served["site"].map(domain)])["share"].sum().max()
    return out
