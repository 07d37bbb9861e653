"""Rules on where energy may come from, carbon, and power given up for a credit: complete, possible, and with an effect."""

from __future__ import annotations

from placement.case.draft import Draft, Problems, Rule, among, pairs
from placement.case.findings import suggest
from placement.errors import Problem

GRID = "grid"  # technology of what comes through the connection without a contract
_POLICIES = ("clean_targets", "carbon_caps", "mix_limits")


def policies_modelled(d: Draft) -> Problems:
    """Limits on energy need a model of power."""
    for table in (t for t in _POLICIES if t in d.case and not d.present & {"grid", "generators"}):
        rule = "has no effect: power is not modelled without grid.csv or generators.csv"
        yield Problem(table, "", rule, f"Add one of them, or remove {table}.csv.")


def curtailable(d: Draft) -> Problems:
    """What may be given up is firm power of a known tier, measured against other hours, for a credit."""
    rows, grid = d["curtailment"], d["grid"]
    if not len(rows):
        return
    known = pairs(grid, "site", "tier")
    mine = pairs(rows, "site", "tier")
    lost = [pair not in set(known) for pair in mine]
    remedy = suggest([f"{s}/{r}" for (s, r), bad in zip(mine, lost, strict=True) if bad], [f"{s}/{r}" for s, r in known])
    yield from d.broken("curtailment", "tier", lost, "must be a tier of the site", remedy)
    cut = set(pairs(grid[grid["interruptible"]], "site", "tier"))
    rule = "has no effect: the tier is interruptible and gives nothing in the stress block anyway"
    yield from d.broken("curtailment", "tier", [pair in cut for pair in mine], rule, "Remove the row, or set interruptible to 0.")
    unpaid = (rows["usd_per_mw_year"] == 0) & (rows["usd_per_mwh"] == 0)
    yield from d.broken("curtailment", "usd_per_mw_year", unpaid, "has no effect: there is no credit", "Give usd_per_mw_year or usd_per_mwh.")
    rule = "has no effect in one block of hours: the baseline is the draw of the others"
    yield from d.broken("curtailment", "site", [len(d.case.blocks) < 2] * len(rows), rule, "Divide the hours into blocks in case.toml.")


def caps_felt(d: Draft) -> Problems:
    """A cap on carbon needs emissions, and offsets a price and an amount."""
    rows = d["carbon_caps"]
    if not len(rows):
        return
    if not any((d[t]["co2_kg_per_mwh"] > 0).any() for t in ("tariffs", "ppas", "generators")):
        yield Problem("carbon_caps", "kt", "has no effect: every co2_kg_per_mwh is blank or 0", "Fill in co2_kg_per_mwh, or remove the table.")
    priced, some = rows["offset_usd_per_t"].notna(), rows["max_offset_kt"] > 0
    yield from d.broken("carbon_caps", "max_offset_kt", priced & ~some, "must be above 0 where offsets have a price", "Give the most offsets there are.")
    yield from d.broken("carbon_caps", "offset_usd_per_t", some & ~priced, "must be given where max_offset_kt is", "Give the price; 0 if they are free.")


def clean_used(d: Draft) -> Problems:
    """What is clean matters where there is a target; a target needs something clean, and a zone with a site."""
    marks = (("tariffs", "clean_share"), ("ppas", "clean"), ("generators", "clean"))
    marked = [(table, column) for table, column in marks if (d[table][column] > 0).any()]
    targets = d["clean_targets"]
    if not len(targets):
        for table, column in marked:
            rule = "has no effect without clean_targets.csv"
            yield from d.broken(table, column, d[table][column] > 0, rule, "Add the table, or leave it blank.")
        return
    if not marked:
        rule = "cannot be met: no tariff, contract or generator is clean"
        yield Problem("clean_targets", "share", rule, "Fill in tariffs.clean_share, ppas.clean or generators.clean.")
    idle = (targets["zone"] != "") & ~among(targets["zone"], d.values("sites", "zone"))
    yield from d.broken("clean_targets", "zone", idle, "has no effect: no site is in the zone", "Correct the zone, or remove the rows.")


def mix_possible(d: Draft) -> Problems:
    """A limit on the mix is for a technology of the case, says something, and can be kept."""
    rows = d["mix_limits"]
    if not len(rows):
        return
    known = d.values("ppas", "tech") | d.values("generators", "tech") | ({GRID} if "grid" in d.case else set())
    unknown = ~among(rows["tech"], known)
    yield from d.broken("mix_limits", "tech", unknown, "must be a tech of ppas or generators, or grid", suggest(rows["tech"][unknown], known))
    idle = (rows["min_share"] == 0) & (rows["max_share"].isna() | (rows["max_share"] == 1))
    yield from d.broken("mix_limits", "max_share", idle, "has no effect: neither share limits anything", "Give min_share or max_share, or remove the row.")
    crossed = rows["min_share"] > rows["max_share"]
    yield from d.broken("mix_limits", "min_share", crossed, "must not be above max_share", "Correct one of the two.")
    total = rows.groupby("period")["min_share"].transform("sum")
    yield from d.broken("mix_limits", "min_share", total > 1 + 1e-9, "must not sum to more than 1 in a period", "Lower a share.")


RULES: tuple[Rule, ...] = (
    Rule(policies_modelled),
    Rule(
        curtailable, "case.blocks curtailment.site curtailment.tier curtailment.usd_per_mw_year curtailment.usd_per_mwh grid.site grid.tier grid.interruptible"
    ),
    Rule(
        caps_felt,
        "carbon_caps.kt carbon_caps.offset_usd_per_t carbon_caps.max_offset_kt tariffs.co2_kg_per_mwh ppas.co2_kg_per_mwh generators.co2_kg_per_mwh",
    ),
    Rule(clean_used, "sites.zone tariffs.clean_share ppas.clean generators.clean clean_targets.zone clean_targets.share"),
    Rule(mix_possible, "ppas.tech generators.tech mix_limits.tech mix_limits.period mix_limits.min_share mix_limits.max_share"),
)
