"""Accelerators: which SKUs there are, what runs already, what is on offer, and how much of it one vendor may sell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.errors import OptionError
from placement.generate.draw import expand
from placement.generate.kit import Kit
from placement.generate.rules import may_stand
from placement.units import period_label

POWER, PRICE = 0.05, 0.08  # spread


def put_skus(kit: Kit) -> None:
    """Choose SKUs by their share of the power on offer and installed, of both cooling classes and several vendors; copies if that is not enough."""
    base = kit.base["skus"]
    kw = base.set_index("sku")["kw_per_unit"]
    supply = pd.concat([kit.base["offers"].set_index("sku")["max_units"], kit.base["installed"].set_index("sku")["units"]])
    mw = (supply * kw.reindex(supply.index)).groupby(level=0).sum().reindex(base["sku"]).fillna(0.0).to_numpy()
    n = kit.counts["skus"]
    chosen = list(range(len(base))) if n >= len(base) else _choose(base, mw, n, kit.draw.stream("skus"))
    copies = kit.draw.copies("sku copies", [str(base["sku"].iat[i]) for i in chosen], n, base["sku"])
    table = expand(base, "sku", copies).assign(origin_country="")  # shares to be made at home are not generated
    table["kw_per_unit"] = (table["kw_per_unit"] * kit.draw.spread("kw", n, POWER)).round(3)
    table["name"] = [f"{name} (generated {i.rsplit('.', 1)[1]})" for name, i in zip(table["name"], table["sku"], strict=True)]
    kit.copies["skus"] = copies
    kit.put("skus", table, "resampled from " + table["base"])


def _choose(base: pd.DataFrame, mw: np.ndarray, n: int, rng: np.random.Generator) -> list[int]:
    """Return ``n`` rows: the largest of each cooling class and of a second vendor, then by chance in proportion to their power."""
    order = np.argsort(-mw, kind="stable")
    chosen: list[int] = []
    for column in ("cooling", "vendor"):
        for i in order:
            if len(chosen) < n and len(chosen) < 3 and base[column].iat[i] not in set(base[column].iloc[chosen]):
                chosen.append(int(i))
    rest = [int(i) for i in order if i not in chosen]
    weight = np.maximum(mw[rest], 1e-3 * mw.max())
    chosen += [int(i) for i in rng.choice(rest, n - len(chosen), replace=False, p=weight / weight.sum())] if len(chosen) < n else []
    return sorted(chosen)


def put_installed(kit: Kit) -> None:
    """Copy what runs at each site with the site's size; a SKU that was not chosen is replaced by the most alike that may stand there."""
    halls, sites = kit.here("halls"), kit.copies["sites"]
    of_base = kit.base["halls"].assign(domain=lambda h: h["domain"].mask(h["domain"] == "", h["site"])).drop_duplicates("domain").set_index("domain")["site"]
    rows = kit.base["installed"]
    rows = expand(rows.assign(site=rows["domain"].map(of_base)), "site", sites)
    if not len(rows):
        return
    rows["domain"] = rows["domain"] + "." + rows["site"].str.rsplit(".", n=1).str[1]
    airy = set(halls.loc[halls["existing"] & (halls["cooling"] == "air"), "domain"])
    cooling = kit.base["skus"].set_index("sku")["cooling"]
    liquid = [cooling[r.sku] == "liquid" or r.domain not in airy for r in rows.itertuples()]  # else the liquid halls may be taken by others
    country = kit.here("sites").set_index("site")["country"]
    kw, skus = kit.base["skus"].set_index("sku")["kw_per_unit"], kit.here("skus").assign(base=kit.copies["skus"]["base"])
    rows["was"] = rows["sku"]
    rows["sku"] = [_heir(kit, skus, float(kw[r.sku]), str(r.sku), str(country[r.site]), may) for r, may in zip(rows.itertuples(), liquid, strict=True)]
    rows = rows[rows["sku"] != ""]
    ratio = kw.reindex(rows["was"]).to_numpy() / skus.set_index("sku")["kw_per_unit"].reindex(rows["sku"]).to_numpy()
    rows["units"] = np.floor(rows["units"] * sites["size"].to_numpy()[rows["copy"]] * ratio)
    rows = rows.groupby(["domain", "sku"], sort=False, as_index=False).agg(units=("units", "sum"), was=("was", "first"))
    kit.put("installed", rows[rows["units"] > 0], "same power as the base's " + rows.loc[rows["units"] > 0, "was"])


def _heir(kit: Kit, skus: pd.DataFrame, kw: float, sku: str, country: str, liquid: bool) -> str:
    """Return the new SKU that stands for an old one in a country, in halls with or without liquid cooling; blank for none."""
    fit = skus[np.array([(liquid or s.cooling == "air") and may_stand(kit, str(s.export_class), country) for s in skus.itertuples()])]
    if not len(fit):
        return ""
    far = np.where(fit["base"] == sku, -1.0, np.abs(np.log(fit["kw_per_unit"].to_numpy(float) / kw)))
    return str(fit["sku"].iat[int(np.argmin(far))])


def put_offers(kit: Kit) -> None:
    """Copy the offers of each SKU onto the new periods; amounts follow later, when the halls are known."""
    copies = kit.copies["skus"]
    useful = set(kit.here("job_skus")["sku"]) | set(kit.here("service_skus")["sku"])
    copies = copies[copies["id"].isin(useful) & copies["base"].isin(kit.base["offers"]["sku"])]
    if len(copies):
        _put_streams(kit, copies)
    offers, skus = kit.here("offers"), kit.tables["skus"]
    idle = [str(s) for s in skus["sku"] if s not in useful and s not in set(kit.here("installed")["sku"])]
    if idle:
        raise OptionError(f"skus: {', '.join(idle)} would be of use to no job or service; ask for more of those, or for fewer SKUs")
    unpaid = ~skus["sku"].isin(offers.loc[offers["unit_price_usd"] > 0, "sku"])  # their life would have no effect
    kit.tables["skus"] = skus.assign(life_years=skus["life_years"].mask(unpaid))


def _put_streams(kit: Kit, copies: pd.DataFrame) -> None:
    """Price the offers, and keep those that arrive within the horizon."""
    last = kit.calendar.after - 1
    first = kit.copies["sites"].drop_duplicates("base").set_index("base")["id"]  # a provider's offer goes to the first copy of its site
    price = dict(zip(copies["id"], kit.draw.spread("chip price", len(copies), PRICE), strict=True))
    table = pd.concat([_stream(kit, str(c.base)).assign(sku=c.id, was=c.base) for c in copies.itertuples()], ignore_index=True)
    table = table.astype({"period": int, "lead_periods": int})
    if "site" in table:
        bound = table["site"].fillna("") != ""
        table["site"] = table["site"].map(first).where(bound, "")
        table = table[table["site"].notna()]
    table["unit_price_usd"] = (table["unit_price_usd"] * table["sku"].map(price)).round(2)
    table["period"] = np.where(table["kind"] == "buy", table["period"], np.minimum(table["period"], last - table["lead_periods"]))
    table = table[(table["period"] >= 0) & (table["period"] + table["lead_periods"] <= last)].reset_index(drop=True)
    label = [period_label(kit.base.start + t, kit.base.period_months) for t in table["period"]]
    number = table.groupby(["sku", "period"]).cumcount()
    table["offer"] = [f"{sku}-{t}" + (f"-{i + 1}" if i else "") for sku, t, i in zip(table["sku"], label, number, strict=True)]
    kit.put("offers", table, "interpolated between the offers of " + table["was"])


def _stream(kit: Kit, sku: str) -> pd.DataFrame:
    """Return the offers of a SKU on the new periods: one a period of kind ``buy``, the others each in its own period."""
    rows = kit.base["offers"]
    rows = rows[rows["sku"] == sku].sort_values(["kind", "period"])
    single = rows[rows["kind"] != "buy"]
    until = np.where(single["until"] >= kit.base.n_periods - 1, kit.calendar.after - 1, kit.calendar.moved(single["until"].to_numpy()))
    single = single.assign(period=kit.calendar.moved(single["period"].to_numpy()), until=until)
    return pd.concat([part for part in (_series(kit, rows[rows["kind"] == "buy"]), single) if len(part)] or [single], ignore_index=True)


def _series(kit: Kit, rows: pd.DataFrame) -> pd.DataFrame:
    """Return amount, price and lead time at each new period between the first and the last old one."""
    if not len(rows):
        return rows
    old = rows.groupby("period").agg({"max_units": "sum", "unit_price_usd": "mean", "lead_periods": "max"})
    at, x = kit.calendar.at, old.index.to_numpy(float)
    within = np.flatnonzero((at >= x.min() - 0.5) & (at <= x.max() + 0.5))
    columns = {c: np.interp(at[within], x, old[c].to_numpy(float)) for c in old.columns}
    series = pd.DataFrame({"kind": "buy", "period": within, **columns, "take_share": 0.0})
    return series.assign(max_units=series["max_units"] / kit.calendar.stretch, lead_periods=series["lead_periods"].round().astype(int))


def put_vendor_caps(kit: Kit) -> None:
    """Keep each cap as far above or below the vendor's share of what is on offer as it was; drop one that cannot bind."""
    old, new = _shares(kit.base["offers"], kit.base["skus"]), _shares(kit.here("offers"), kit.here("skus"))
    rows = kit.base["vendor_caps"]
    rows = rows[rows["vendor"].isin(list(new))].copy()
    rows["max_spend_share"] = [round(min(1.0, share * new[v] / old[v]), 3) for v, share in zip(rows["vendor"], rows["max_spend_share"], strict=True)]
    kit.put("vendor_caps", rows[rows["max_spend_share"] < 1], "scaled by the vendor's share of the value on offer")


def _shares(offers: pd.DataFrame, skus: pd.DataFrame) -> dict[str, float]:
    """Return each vendor's share of the value of all offers."""
    value = (offers["max_units"] * offers["unit_price_usd"]).groupby(offers["sku"].map(skus.set_index("sku")["vendor"])).sum()
    total = float(value.sum())  # 0 where chips are for rent only
    return {str(v): float(x) / total for v, x in value.items()} if total > 0 else {}
