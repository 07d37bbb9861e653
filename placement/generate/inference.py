"""Inference services, the metros of their users, and demand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.generate.draw import expand
from placement.generate.kit import Kit
from placement.generate.rules import can_be_met

SLO, PRICE, WEIGHTS, SPEED, DEMAND, PLACE_DEG = 0.1, 0.15, 0.2, 0.08, 0.4, 0.3  # spread; shift of coordinates, degrees


def put_services(kit: Kit) -> None:
    """Copy services that some SKU and some country of the new case can take, with metros and demand; volumes follow later."""
    if "services" not in kit.base:
        return
    base, listed = kit.base["services"], kit.base["service_skus"]
    skus, countries = kit.copies["skus"], set(kit.here("sites")["country"])
    runs = base["service"].isin(listed.loc[listed["sku"].isin(skus["base"]), "service"])
    able = base[runs & np.array([can_be_met(kit, str(r), countries) for r in base["residency"]], dtype=bool)]
    kit.copies["services"] = kit.draw.copies("services", able["service"].tolist(), kit.counts["services"], base["service"])
    _put_metros(kit)
    _put_services(kit)
    pairs = expand(listed, "service", kit.copies["services"])
    pairs = pairs.merge(skus.rename(columns={"base": "sku", "id": "new_sku"}), on="sku", how="inner", sort=False)
    pairs = pairs.sort_values(["copy", "new_sku"], kind="stable").reset_index(drop=True)
    speed = dict(zip(skus["id"], kit.draw.spread("speed", len(skus), SPEED), strict=True))
    pairs["tok_per_s"] *= pairs["new_sku"].map(speed)
    kit.put("service_skus", pairs.assign(sku=pairs["new_sku"]), "resampled with " + pairs["base"])


def _put_services(kit: Kit) -> None:
    copies, n = kit.copies["services"], len(kit.copies["services"])
    table = expand(kit.base["services"], "service", copies)
    table["slo_rtt_ms"] = (table["slo_rtt_ms"] * kit.draw.spread("slo", n, SLO)).round(1)
    price = kit.draw.spread("token price", n, PRICE)
    table["price_usd_per_mtok"] = (table["price_usd_per_mtok"] * price).round(3)
    table["unmet_usd_per_mtok"] = (table["unmet_usd_per_mtok"] * price).round(3)
    table["weights_gb"] *= kit.draw.spread("weights", n, WEIGHTS)
    table["origin"] = [_origin(kit, str(o)) for o in table["origin"]]
    edge = (kit.here("sites")["kind"] == "edge").to_numpy(bool)
    table["tier"] = table["tier"] if edge.any() and not edge.all() else "any"
    table["name"] = table["name"] + " (generated " + table["service"].str.rsplit(".", n=1).str[1] + ")"
    kit.put("services", table, "resampled from " + table["base"])
    loads = expand(kit.base["service_loads"], "service", copies)
    kit.put("service_loads", loads, "resampled from " + loads["base"])


def _origin(kit: Kit, base: str) -> str:
    """Return the site that weights come from: a copy of the base's, else the site of the same country, else of any, with the most IT power."""
    sites = kit.here("sites")
    copies = kit.copies["sites"]
    same = copies.loc[copies["base"] == base, "id"]
    if not base or len(same):
        return str(same.iat[0]) if base else ""
    mw = kit.here("halls").groupby("site")["it_mw"].sum()
    old = kit.base["sites"].set_index("site")["country"]
    near = sites.loc[sites["country"] == old[base], "site"]
    return str(mw.reindex(near if len(near) else sites["site"]).idxmax())


def _put_metros(kit: Kit) -> None:
    """Copy metros that the services have users in, and the demand of each service and metro with them."""
    services, demand = kit.copies["services"], kit.base["demand"]
    demand = demand[demand["service"].isin(services["base"])]
    volume = demand.groupby(["service", "metro"], sort=False)["mtok_per_day"].sum().reset_index()
    main = volume.sort_values(["mtok_per_day", "metro"], ascending=[False, True]).drop_duplicates("service")["metro"]
    by_size = demand.groupby("metro")["mtok_per_day"].sum().sort_values(ascending=False, kind="stable")
    copies = kit.draw.copies("metros", [str(m) for m in by_size.index], kit.counts["metros"], kit.base["metros"]["metro"], must=main)
    n = len(copies)
    table = expand(kit.base["metros"], "metro", copies)
    rng = kit.draw.stream("metro place")
    table["lat_deg"] = np.clip(table["lat_deg"] + rng.normal(0, PLACE_DEG, n), -85, 85).round(4)
    table["lon_deg"] = ((table["lon_deg"] + rng.normal(0, PLACE_DEG, n) + 180) % 360 - 180).round(4)
    table["name"] = table["name"] + " (generated " + table["metro"].str.rsplit(".", n=1).str[1] + ")"
    kit.copies["metros"] = copies
    kit.put("metros", table, "resampled from " + table["base"])
    _put_demand(kit, demand)


def _put_demand(kit: Kit, demand: pd.DataFrame) -> None:
    """Give every copy of a service in every copy of a metro the series of their bases at the new periods, times one factor."""
    wide = demand.pivot_table(index=["service", "metro"], columns="period", values="mtok_per_day", fill_value=0.0, sort=True)
    wide = wide.reindex(columns=range(kit.calendar.before), fill_value=0.0)
    series = kit.calendar.series(wide.to_numpy(float))
    rows = wide.index.to_frame(index=False).assign(series=np.arange(len(wide)))
    rows = rows.merge(kit.copies["services"].rename(columns={"base": "service", "id": "new_service"}), on="service", sort=False)
    rows = rows.merge(kit.copies["metros"].rename(columns={"base": "metro", "id": "new_metro"}), on="metro", sort=False)
    factor = kit.draw.spread("demand", len(rows), DEMAND)
    after = kit.calendar.after
    table = pd.DataFrame(
        {
            "service": np.repeat(rows["new_service"].to_numpy(), after),
            "metro": np.repeat(rows["new_metro"].to_numpy(), after),
            "period": np.tile(np.arange(after), len(rows)),
            "mtok_per_day": (series[rows["series"]] * factor[:, None]).ravel(),
        }
    )
    table = table[table["mtok_per_day"] > 0]
    kit.put("demand", table, "interpolated between the periods of the base's row")
