"""What stands behind the chips: stages of manufacture, and where they are made (models/README.md section 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, codes, joined
from placement.plan.checking.verdict import UNITS, rows


def check_stages(facts: Facts) -> None:
    """Check that no stage gives more than its capacity in a period, and what the table says of it."""
    case, found = facts.case, facts.found
    if "stages" not in case and facts.plan["stages"].empty:
        return
    limits = case["stages"].assign(label=[case.periods[t] for t in case["stages"]["period"]])
    index = pd.MultiIndex.from_frame(limits[["stage", "period"]])
    orders = joined(facts.plan["orders"][["offer", "units"]], case["offers"][["offer", "sku", "kind", "period", "lead_periods"]], ["offer"])
    orders = orders[orders["kind"] != "lease"]  # what is rented has been made
    passing = orders.merge(case["sku_stages"].rename(columns={"lead_periods": "before"}), on="sku")
    when = passing["period"] + passing["lead_periods"] - passing["before"]
    at = codes(index, pd.MultiIndex.from_arrays([passing["stage"], when])) if len(passing) else np.zeros(0, int)
    used = np.zeros(len(limits))
    np.add.at(used, at[at >= 0], (passing["use_per_unit"] * passing["units"]).to_numpy(float)[at >= 0])
    slack = UNITS * max(1.0, case["sku_stages"]["use_per_unit"].max()) if len(limits) else UNITS  # of orders in accelerators
    where = rows(limits, "stage {stage} {label}")
    found.at_most("stage_capacity", used, limits["capacity"], where, "use by the orders against the output", "units of the stage", slack)

    said = facts.plan["stages"]
    row = codes(index, pd.MultiIndex.from_frame(said[["stage", "period"]])) if len(said) else np.zeros(0, int)
    here = rows(said, "stage {stage}")
    found.never("stages.stage", row < 0, here, "the stage has no limit in this period")
    claimed = np.zeros(len(limits))
    claimed[row[row >= 0]] = said["used"].to_numpy(float)[row >= 0]
    found.equal("stages.used", claimed, used, where, "use by the orders", "units of the stage", slack)
    capacity = np.where(row < 0, said["capacity"], limits["capacity"].to_numpy(float)[np.maximum(row, 0)] if len(limits) else 0.0)
    found.equal("stages.capacity", said["capacity"], capacity, here, "output", "units of the stage")


def check_domestic(facts: Facts) -> None:
    """Check that enough of the spend goes to chips that count as made at home."""
    programmes = facts.case["domestic_shares"]
    if programmes.empty:
        return
    orders = joined(facts.plan["orders"][["offer", "cost_musd"]], facts.case["offers"][["offer", "sku", "kind"]], ["offer"])
    orders = joined(orders[orders["kind"] != "lease"], facts.skus[["sku", "origin_country"]], ["sku"])
    spend = orders["cost_musd"]  # recomputed in check_orders
    for row in programmes.to_dict("records"):
        counted = orders["origin_country"].isin([word.strip() for word in row["origins"].split(";")])
        least, here = row["min_spend_share"] * spend.sum(), rows(programmes, f"programme {row['programme']}")
        facts.found.at_most("domestic_share", [least], [spend[counted].sum()], here, "share of all spend against spend at home", "M$")
