"""Rules on cooling: figures by season and hour that are clear, and reach the model."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among, domains
from placement.units import KW_PER_MW, MONTHS_PER_QUARTER, MONTHS_PER_YEAR

#: Columns of `cooling` that say something.
FIGURES = ("pue", "wue_l_per_kwh")


def cooling_clear(d: Draft) -> Problems:
    """The rows of a site never speak of the same hour twice: the quarter is given in all of them or in none, and so is the block."""
    rows = d["cooling"]
    for column, given in (("quarter", rows["quarter"] > 0), ("block", rows["block"] != "")):
        mixed = ~given & given.groupby(rows["site"]).transform("any")
        remedy = "Fill it in, or leave it blank in all rows of the site."
        yield from d.broken("cooling", column, mixed, "must be filled in all rows of a site or in none", remedy)


def cooling_felt(d: Draft) -> Problems:
    """A row gives a figure, for a quarter of the horizon; PUE by the hour needs power that is modelled."""
    rows, case = d["cooling"], d.case
    silent = rows[list(FIGURES)].isna().all(axis=1)
    yield from d.broken("cooling", "pue", silent, "has no effect: the row gives no figure", "Fill in a figure, or remove the row.")
    given = rows["quarter"] > 0
    if case.period_months > MONTHS_PER_QUARTER:
        rule = f"has no effect: periods of {case.period_months} months are longer than a quarter"
        yield from d.broken("cooling", "quarter", given, rule, "Leave it blank, or set period_months to 3 or 1.")
        return
    month = (case.start + np.arange(case.n_periods)) * case.period_months % MONTHS_PER_YEAR
    never = given & ~rows["quarter"].isin((month // MONTHS_PER_QUARTER + 1).tolist())
    yield from d.broken("cooling", "quarter", never, "has no effect: no period of the case is in that quarter", "Remove the rows.")


def density_felt(d: Draft) -> Problems:
    """Dense racks need halls with a limit to matter, and limits need racks."""
    halls, skus = d["halls"]["max_kw_per_rack"].notna(), d["skus"]["kw_per_rack"].notna()
    if not skus.any():
        remedy = "Give skus.kw_per_rack, or leave it blank."
        yield from d.broken("halls", "max_kw_per_rack", halls, "has no effect: no SKU has kw_per_rack", remedy)
    if not halls.any():
        remedy = "Give halls.max_kw_per_rack, or leave it blank."
        yield from d.broken("skus", "kw_per_rack", skus, "has no effect: no hall has max_kw_per_rack", remedy)


def installed_density(d: Draft) -> Problems:
    """Installed chips find existing halls that take their racks."""
    halls = d["halls"].assign(domain=domains(d["halls"]), most=d["halls"]["max_kw_per_rack"].fillna(np.inf)).query("existing")
    chips = d["installed"].merge(d["skus"][["sku", "kw_per_unit", "kw_per_rack"]], on="sku", how="left")
    mw = chips["units"] * chips["kw_per_unit"] / KW_PER_MW
    over = np.zeros(len(chips), dtype=bool)
    for i, (domain, asked) in enumerate(zip(chips["domain"], chips["kw_per_rack"], strict=True)):
        room = halls.loc[(halls["domain"] == domain) & (halls["most"] >= asked), "it_mw"].sum()
        dense = (chips["domain"] == domain) & (chips["kw_per_rack"] >= asked)
        over[i] = asked > 0 and mw[dense].sum() > room * (1 + 1e-9)
    rule = "must fit into existing halls of the domain that take such racks"
    return d.broken("installed", "units", over, rule, "Check skus.kw_per_rack and halls.max_kw_per_rack.")


def cooling_powered(d: Draft) -> Problems:
    """Heat and water follow from power that the case models, at sites that draw it themselves."""
    provided = set(d["sites"].loc[d["sites"]["power_included"], "site"])
    columns = (
        ("sites", "heat_mw"),
        ("sites", "wue_l_per_kwh"),
        ("sites", "water_ml_per_year"),
        ("sites", "community_water_ml_per_year"),
        ("cooling", "pue"),
        ("cooling", "wue_l_per_kwh"),
    )
    for table, column in columns:
        given = d[table][column].notna().to_numpy(dtype=bool)
        if not d.present & {"grid", "generators"} and column != "pue":  # of PUE effects.power_settings_used speaks
            yield from d.broken(table, column, given, "has no effect: power is not modelled", "Add grid.csv or generators.csv, or leave it blank.")
        else:
            yield from d.broken(table, column, given & among(d[table]["site"], provided), "has no effect where power_included is 1", "Leave it blank.")


def water_known(d: Draft) -> Problems:
    """A right to water and a community's cap on it limit what is known to be used."""
    sites = d["sites"]
    told = sites["wue_l_per_kwh"].gt(0) | among(sites["site"], d["cooling"].loc[d["cooling"]["wue_l_per_kwh"] > 0, "site"])
    for column in ("water_ml_per_year", "community_water_ml_per_year"):
        yield from d.broken("sites", column, sites[column].notna() & ~told, "has no effect: the site uses no water", "Give wue_l_per_kwh, or leave it blank.")
    gaps = d["cooling"]["wue_l_per_kwh"].notna() & ~among(d["cooling"]["site"], sites.loc[sites["wue_l_per_kwh"].notna(), "site"])
    remedy = "Fill in sites.wue_l_per_kwh: it holds in all other hours."
    yield from d.broken("cooling", "wue_l_per_kwh", gaps, "needs the yearly figure of the site too", remedy)


def benefits_used(d: Draft) -> Problems:
    """What is granted above a cap needs that cap; a price needs something granted; a row grants something."""
    rows, sites = d["local_benefits"], d["sites"]
    pairs = (("extra_mw", "usd_per_mw_year", "community_mw"), ("extra_water_ml_per_year", "usd_per_ml", "community_water_ml_per_year"))
    for extra, price, cap in pairs:
        uncapped = rows[extra].gt(0) & ~among(rows["site"], sites.loc[sites[cap].notna(), "site"])
        yield from d.broken("local_benefits", extra, uncapped, f"has no effect: the site has no {cap}", f"Give sites.{cap}, or leave it blank.")
        yield from d.broken(
            "local_benefits", price, rows[price].gt(0) & rows[extra].eq(0), f"has no effect: {extra} is blank", f"Give {extra}, or leave it blank."
        )
    none = rows[[extra for extra, _, _ in pairs]].eq(0).all(axis=1)
    yield from d.broken("local_benefits", "site", none, "grants nothing", "Give extra_mw or extra_water_ml_per_year, or remove the row.")


RULES = (
    Rule(
        cooling_powered,
        "sites.site sites.power_included sites.heat_mw sites.wue_l_per_kwh sites.water_ml_per_year sites.community_water_ml_per_year "
        "cooling.site cooling.pue cooling.wue_l_per_kwh",
    ),
    Rule(water_known, "sites.site sites.wue_l_per_kwh sites.water_ml_per_year sites.community_water_ml_per_year cooling.site cooling.wue_l_per_kwh"),
    Rule(
        benefits_used,
        "local_benefits.site local_benefits.extra_mw local_benefits.usd_per_mw_year local_benefits.extra_water_ml_per_year local_benefits.usd_per_ml "
        "sites.site sites.community_mw sites.community_water_ml_per_year",
    ),
    Rule(density_felt, "halls.max_kw_per_rack skus.kw_per_rack"),
    Rule(
        installed_density,
        "halls.site halls.domain halls.existing halls.it_mw halls.max_kw_per_rack installed.domain installed.sku installed.units skus.sku "
        "skus.kw_per_unit skus.kw_per_rack",
    ),
    Rule(cooling_clear, "cooling.site cooling.quarter cooling.block"),
    Rule(cooling_felt, "case.periods cooling.quarter " + " ".join(f"cooling.{c}" for c in FIGURES)),
)
