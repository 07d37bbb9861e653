"""Scenario folders on ``frontier-small``: each holds only what differs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from derivation.spec import quarter_index, quarter_label

GRID_DELAY_QUARTERS = 2
BASE = "../../frontier-small"
TEXTS = {
    "carbon-price": ("carbon at 250 $/t", "Carbon costs five times as much as in the base.", "carbon_price_usd_per_t = 250.0\n"),
    "chips-halved": ("half the chips", "Half of every chip offer.", '\n[factors]\n"offers.max_units" = 0.5\n'),
    "grid-delay": ("grid late by two quarters", f"Every grid tier that is still to be built comes {GRID_DELAY_QUARTERS} quarters later.", ""),
    "china-must-serve": (
        "China must be served",
        "Demand in China may not go unserved. No site of the case is in China, so no plan exists (rule cn-csl-37).",
        '\n[remove]\nservices = ["china-chat"]\n',
    ),
}


def write_scenarios(tables: dict[str, pd.DataFrame], start: str, folder: Path) -> None:
    """Write the scenario folders that stand on the tables of ``frontier-small``."""
    for name, (title, comment, rest) in TEXTS.items():
        path = folder / name
        path.mkdir(parents=True, exist_ok=True)
        text = f'# {comment}\nbase = "{BASE}"\nname = "frontier-small-{name}"\ntitle = "frontier-small: {title}"\n{rest}'
        (path / "case.toml").write_text(text, encoding="utf-8", newline="\n")
    new = tables["grid"].query("capex_musd > 0")
    late = [quarter_label(quarter_index(q, start) + GRID_DELAY_QUARTERS, start) for q in new["available"]]
    _csv(new[["site", "tier"]].assign(available=late), folder / "grid-delay" / "grid.csv")
    china = tables["services"].query("service == 'china-chat'").assign(unmet_usd_per_mtok="")
    _csv(china, folder / "china-must-serve" / "services.csv")


def _csv(table: pd.DataFrame, file: Path) -> None:
    table.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
