"""The fibre graph: the base's backbone, and the access links of each copied site and metro."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.fibre_rules import great_circle_km
from placement.generate.kit import Kit

DETOUR = 1.25  # laid length / straight line, for what a place was moved


def put_links(kit: Kit) -> None:
    """Copy links: every copy of a place is joined to the nodes, or to all copies of the places, that its base was joined to.

    A connected base gives a connected graph: a path in the base has, for any copies of its ends, a path over copies.
    """
    if "links" not in kit.base or "services" not in kit.tables:
        return
    links = kit.base["links"]
    copies = pd.concat([kit.copies["sites"][["base", "id", "moved_km"]], _moved_metros(kit)], ignore_index=True)
    places = set(kit.base["sites"]["site"]) | set(kit.base["metros"]["metro"])
    nodes = [str(node) for node in dict.fromkeys([*links["a"], *links["b"]]) if node not in places]
    ends = pd.concat([copies, pd.DataFrame({"base": nodes, "id": nodes, "moved_km": 0.0})], ignore_index=True)
    rows = links.merge(ends.add_suffix("_a"), left_on="a", right_on="base_a", sort=False).merge(
        ends.add_suffix("_b"), left_on="b", right_on="base_b", sort=False
    )
    rows = rows.sort_values(["link", "id_a", "id_b"], kind="stable").reset_index(drop=True)
    rows["km"] = (rows["km"] + DETOUR * (rows["moved_km_a"] + rows["moved_km_b"])).round(1)
    note = "from link " + rows["link"]
    rows["link"] = rows["link"] + "." + (rows.groupby("link").cumcount() + 1).astype(str)
    kit.put("links", rows.assign(a=rows["id_a"], b=rows["id_b"]), note)


def _moved_metros(kit: Kit) -> pd.DataFrame:
    """Return copies of metros with how far each lies from its base."""
    copies = kit.copies["metros"]
    was = kit.base["metros"].set_index("metro")[["lat_deg", "lon_deg"]].reindex(copies["base"]).to_numpy(float)
    now = kit.here("metros")[["lat_deg", "lon_deg"]].to_numpy(float)
    return copies.assign(moved_km=np.nan_to_num(great_circle_km(was, now)))[["base", "id", "moved_km"]]
