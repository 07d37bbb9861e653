"""Tables ``skus``, ``offers``, ``installed``, ``vendor_caps`` and ``export``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from derivation.facts import Facts
from derivation.sites import campus_power, chosen_sites, hall_table
from derivation.spec import Spec, quarter_index, quarter_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """What the facts do not say of an accelerator; every value is a scenario unless a source is named."""

    cooling: str
    node_units: int  # scale-up domain, from vendor documentation
    export_class: str
    family_share: float = 0.0  # of the Epoch volume of its family (GB200 is inside B200, GB300 inside B300)
    growth: float = 0.0  # of the volume per quarter
    lead: int = 1  # quarters from order to deployment
    volume: float = 0.0  # world volume per quarter where Epoch has none
    discount: float = 0.02  # fall of the price per quarter


SKUS = {
    "h100": Sku(cooling="air", node_units=8, export_class="advanced"),
    "b200": Sku(cooling="air", node_units=8, export_class="advanced", family_share=0.4, growth=-0.04, lead=1),
    "gb200": Sku(cooling="liquid", node_units=72, export_class="advanced", family_share=0.6, growth=-0.10, lead=1),
    "gb300": Sku(cooling="liquid", node_units=72, export_class="advanced", family_share=0.7, growth=0.04, lead=2),
    "mi355x": Sku(cooling="liquid", node_units=8, export_class="advanced", family_share=1.0, growth=0.15, lead=2),
    "tpu-v7": Sku(cooling="liquid", node_units=64, export_class="advanced", family_share=1.0, growth=0.06, lead=2),
    "trainium2": Sku(cooling="air", node_units=16, export_class="advanced", family_share=1.0, growth=0.0, lead=1),
    "h20": Sku(cooling="air", node_units=8, export_class="licensed", family_share=0.1, growth=0.0, lead=1),
    "ascend-910c": Sku(cooling="air", node_units=8, export_class="cn-domestic", growth=0.04, lead=1, volume=40_000),
}
IDLE_SHARE = 0.30  # scenario: draw of an idle accelerator with host, share of full load
CHIP_LIFE_YEARS = 5  # scenario
FILL = (0.60, 0.70)  # scenario: share of a running hall's IT power that is filled with chips, drawn per hall
FILL_CN = 0.60
OWNER_SKUS = {"Amazon": ("trainium2",), "Google": ("tpu-v7",), "Alibaba": ("h20",)}  # scenario: what runs where, by owner
RUNNING_SKUS = {"air": ("h100",), "2025": ("gb200", "gb300"), "2026": ("gb300",)}  # scenario: else by cooling and by year of first use
FIRM_ORDERS = ((1, 0.93), (5, 0.92))  # scenario: take-or-pay offers of the largest SKU: quarter, price factor
FIRM_SHARE, FIRM_VOLUME = 0.75, 1.5  # scenario: smallest order / size; size / ordinary quarterly offer
VENDOR_CAPS = {"NVIDIA": 0.80}  # scenario
EXPORT_CAPS = {"AE": 120_000, "SA": 30_000}  # scenario: licensed units in the country, running ones included
H20_MORE = 10_000  # scenario: H20 that may still be delivered to China


def sku_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``skus``."""
    chips = facts["accelerators"].set_index("accel_id").loc[list(spec.skus)]
    bought = [s for s in offered(spec) if SKUS[s].lead < spec.n_periods]  # others only run already and have no residual value
    return pd.DataFrame(
        [
            {
                "sku": sku,
                "name": chip["name"],
                "vendor": chip["vendor"],
                "kw_per_unit": chip["it_power_w"] / 1000,
                "idle_share": IDLE_SHARE,
                "hbm_gb": chip["mem_gb"],
                "node_units": SKUS[sku].node_units,
                "cooling": SKUS[sku].cooling,
                "export_class": SKUS[sku].export_class,
                "life_years": CHIP_LIFE_YEARS if sku in bought else "",
                "source": "Epoch AI hardware, vendor system maxima",
                "assumption": chip["assumption"].split(";")[0] + "; scenario: idle share, cooling class, life",
            }
            for sku, chip in zip(spec.skus, (row for _, row in chips.iterrows()), strict=True)
        ]
    )


def last_full_volume(facts: Facts, sku: str) -> tuple[str, float]:
    """Return the last full quarter with an Epoch estimate for the SKU's family, and the units in it."""
    family = {"gb200": "b200", "gb300": "b300"}.get(sku, sku)
    supply = facts["chip_supply"]
    rows = supply[(supply["accel_id"] == family) & (supply["quarter"] < "2026Q1")]  # 2026Q1 is a partial quarter
    rows = rows[rows["units_p50"] >= 0.3 * rows["units_p50"].max()]  # not the tail in which a product is withdrawn
    return str(rows["quarter"].iloc[-1]), float(rows["units_p50"].iloc[-1])


def offer_units(facts: Facts, spec: Spec, sku: str, t: int) -> float:
    """Return the units of a SKU on offer in period ``t``: the planner's share of the drifted world volume."""
    chip = SKUS[sku]
    quarter, volume = ("2025Q4", chip.volume) if chip.volume else last_full_volume(facts, sku)
    ahead = t - quarter_index(quarter, spec.start)
    share = chip.family_share or 1.0
    return spec.supply_share * share * volume * (1.0 + chip.growth) ** ahead


def offered(spec: Spec) -> list[str]:
    """Return the SKUs of the case that can still be ordered."""
    return [s for s in spec.skus if SKUS[s].family_share or SKUS[s].volume]


def offer_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``offers``: one per SKU and quarter that arrives in the horizon, plus take-or-pay offers."""
    price = facts["accelerators"].set_index("accel_id")["capex_usd"]
    largest = max(offered(spec), key=lambda s: offer_units(facts, spec, s, 0) * price[s])
    rows = []
    for sku in offered(spec):
        chip = SKUS[sku]
        firm = dict(FIRM_ORDERS) if sku == largest else {}
        for t in range(spec.n_periods - chip.lead):
            usd = float(price[sku]) * (1 - chip.discount) ** t
            units = offer_units(facts, spec, sku, t)
            label = quarter_label(t, spec.start)
            common = {"sku": sku, "period": label, "lead_periods": chip.lead}
            note = "scenario: share of world volume, drift, lead" + ("; world volume" if chip.volume else "")
            rows.append(
                {
                    "offer": f"{sku}-{label}",
                    "kind": "buy",
                    **common,
                    "max_units": round(units),
                    "unit_price_usd": round(usd, -2),
                    "take_share": 0,
                    "source": "" if chip.volume else "Epoch AI chip counts",
                    "assumption": note,
                }
            )
            if t in firm:
                rows.append(
                    {
                        "offer": f"{sku}-{label}-firm",
                        "kind": "take_or_pay",
                        **common,
                        "max_units": round(FIRM_VOLUME * units),
                        "unit_price_usd": round(usd * firm[t], -2),
                        "take_share": FIRM_SHARE,
                        "source": "Epoch AI chip counts",
                        "assumption": "scenario: firm order, size and discount",
                    }
                )
    return pd.DataFrame(rows)


def installed_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``installed``: each running hall is partly filled with the chip of its owner and cooling."""
    rng = np.random.default_rng(spec.seed)
    kw = facts["accelerators"].set_index("accel_id")["it_power_w"] / 1000
    owners = chosen_sites(facts, spec)[["owner", "country"]]
    halls = hall_table(facts, spec).query("existing == 1")
    rows = []
    for _, hall in halls.iterrows():
        owner, country = owners.loc[hall["site"]]
        fill = FILL_CN if country == "CN" else rng.uniform(*FILL)
        sku = running_sku(spec, owner, hall["cooling"], _year(facts, spec, hall["site"]))
        rows.append({"domain": hall["domain"], "sku": sku, "units": fill * hall["it_mw"] * 1000 / kw[sku]})
    table = pd.DataFrame(rows).groupby(["domain", "sku"], sort=False, as_index=False).sum()
    table["units"] = [int(u // SKUS[s].node_units) * SKUS[s].node_units for u, s in zip(table["units"], table["sku"], strict=True)]
    return table.assign(assumption="scenario: SKU by owner and cooling, fill 60 to 70 % of the running IT power")


def _year(facts: Facts, spec: Spec, site: str) -> str:
    """Return the year in which most of a campus's running power came, as far as it matters for the chips in it."""
    power = campus_power(facts, site)
    return "2025" if len(power) and power["2025Q4"] >= 0.5 * power[quarter_label(-1, spec.start)] else "2026"


def running_sku(spec: Spec, owner: str, cooling: str, year: str) -> str:
    """Return the SKU that a running hall holds."""
    wanted = next((s for name, s in OWNER_SKUS.items() if name in owner), ())
    choices = (*wanted, *RUNNING_SKUS["air" if cooling == "air" else year])
    fits = (s for s in choices if s in spec.skus and (SKUS[s].cooling == "air" or cooling == "liquid"))
    return next(fits, "h100")


def vendor_cap_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``vendor_caps`` for vendors that compete in the case; empty where one vendor sells everything."""
    vendor = facts["accelerators"].set_index("accel_id")["vendor"]
    sellers = {vendor[s] for s in offered(spec)}
    caps = {v: c for v, c in VENDOR_CAPS.items() if v in sellers and len(sellers) > 1}
    rows = [{"vendor": v, "max_spend_share": c, "assumption": "scenario: limit on lock-in"} for v, c in caps.items()]
    return pd.DataFrame(rows, columns=["vendor", "max_spend_share", "assumption"])


def export_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``export``: rules for the classes and countries of the case."""
    countries = sorted(set(chosen_sites(facts, spec)["country"]))
    status = facts["jurisdiction"].set_index("country")["advanced_chip_export_status"]
    classes = {SKUS[s].export_class for s in spec.skus}
    rows = []
    for country in countries:
        if status[country] == "licence_policy_of_denial":
            rows.append(_export("advanced", country, "deny", "", f"ear-3a090-{country.lower()}", "15 CFR 742.6 and 744.23, Country Group D:5", ""))
        elif status[country] == "licence_required":
            cap, note = EXPORT_CAPS.get(country, 0), "scenario: licensed quantity"
            rows.append(_export("advanced", country, "cap", cap, f"ear-3a090-licence-{country.lower()}", "ECCN 3A090, Country Group D:4", note))
    if "licensed" in classes and "CN" in countries:
        running = installed_table(facts, spec).query("sku == 'h20'")["units"].sum()
        note = f"scenario: running units and {H20_MORE} more"
        rows.append(_export("licensed", "CN", "cap", int(running + H20_MORE), "h20-licence-cn", "H20 licences of 2025", note))
    if "cn-domestic" in classes:
        guidance = "BIS guidance of 13 May 2025 on 3A090 chips of PRC origin (General Prohibition 10)"
        rows.append(_export("cn-domestic", "CN", "allow", "", "ascend-cn", "domestic use", "scenario: deployed in China only"))
        rows.append(_export("cn-domestic", "*", "deny", "", "gp10-ascend", guidance, "scenario: deployed in China only"))
    return pd.DataFrame(rows)


def _export(cls: str, country: str, rule: str, cap: object, rule_id: str, source: str, note: str) -> dict[str, object]:
    return {"export_class": cls, "country": country, "rule": rule, "cap_units": cap, "rule_id": rule_id, "source": source, "assumption": note}
