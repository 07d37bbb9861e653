"""Rules on what stands behind the chips: stages of manufacture."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, Rule, among


def stages_used(d: Draft) -> Problems:
    """A limited stage is one that some order can meet in a limited period; a SKU with stages can be ordered."""
    offers, rows = d["offers"][among(d["offers"]["kind"], ("buy", "take_or_pay"))], d["sku_stages"]
    bare = ~among(rows["sku"], set(offers["sku"]))
    yield from d.broken("sku_stages", "sku", bare, "has no effect: no offer is of this SKU", "Add its offers, or remove the rows.")
    passing = pd.merge(offers[["sku", "period", "lead_periods"]], rows, on="sku", suffixes=("_offer", ""))
    arrives = passing["period"] + passing["lead_periods_offer"]
    met = set(zip(passing["stage"], arrives - passing["lead_periods"], arrives < d.case.n_periods, strict=True))
    stages = d["stages"]
    hit = np.array([(u, t, True) in met for u, t in zip(stages["stage"], stages["period"], strict=True)], dtype=bool)
    idle = ~pd.Series(hit).groupby(stages["stage"].to_numpy()).transform("any").to_numpy(dtype=bool) if len(stages) else hit
    rule = "has no effect: no order of a SKU with the stage passes it in these periods"
    yield from d.broken("stages", "stage", idle, rule, "Add rows to sku_stages.csv or offers.csv, correct lead_periods, or remove the rows.")


def performance_known(d: Draft) -> Problems:
    """The performance of a class that is capped by it is known, and no other is asked for."""
    skus, export = d["skus"], d["export"]
    capped = among(skus["export_class"], set(export.loc[export["rule"] == "cap_performance", "export_class"]))
    given = skus["tpp"].notna().to_numpy(dtype=bool)
    rule = "must be filled: export.csv caps the processing performance of the class"
    yield from d.broken("skus", "tpp", capped & ~given, rule, "Give the total processing performance of the data sheet, or set export.rule to cap.")
    rule = "has no effect: no rule of export.csv caps the processing performance of the class"
    yield from d.broken("skus", "tpp", given & ~capped, rule, "Set export_class and a rule cap_performance, or leave it blank.")


def home_made(d: Draft) -> Problems:
    """A share to be made at home can be met by some offer and excludes some; an origin serves such a share."""
    skus, offers, programmes = d["skus"], d["offers"], d["domestic_shares"]
    if not len(programmes):
        given = (skus["origin_country"] != "").to_numpy(dtype=bool)
        yield from d.broken("skus", "origin_country", given, "has no effect without domestic_shares.csv", "Add the table, or leave it blank.")
        return
    priced = set(offers.loc[(offers["unit_price_usd"] > 0) & among(offers["kind"], ("buy", "take_or_pay")), "sku"])
    sold = set(skus.loc[among(skus["sku"], priced), "origin_country"])  # with "" for abroad
    lists = [{word.strip() for word in text.split(";")} for text in programmes["origins"]]
    unknown = np.array([not words <= sold - {""} for words in lists], dtype=bool)
    rule = "must be countries in which an offered SKU is made"
    known = ", ".join(sorted(sold - {""}))
    yield from d.broken("domestic_shares", "origins", unknown, rule, f"Known: {known}." if known else "Fill in skus.origin_country.")
    idle = np.array([sold <= words for words in lists], dtype=bool) & ~unknown
    yield from d.broken("domestic_shares", "origins", idle, "has no effect: every offer counts as made at home", "Shorten the list, or remove the row.")


RULES: tuple[Rule, ...] = (
    Rule(
        stages_used,
        "case.periods stages.stage stages.period sku_stages.sku sku_stages.stage sku_stages.lead_periods "
        "offers.sku offers.kind offers.period offers.lead_periods",
    ),
    Rule(performance_known, "skus.export_class skus.tpp export.export_class export.rule"),
    Rule(home_made, "skus.sku skus.origin_country offers.sku offers.kind offers.unit_price_usd domestic_shares.origins"),
)
