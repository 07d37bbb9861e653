"""Tables of grid, contracts and own generation."""

from __future__ import annotations

from placement.case.columns import LIFE, Table, flag, ident, num, period, ref, text, whole

TABLES = (
    Table(
        name="grid",
        layer="grid",
        key=("site", "tier"),
        needs=("sites", "tariffs"),
        meaning="Grid connection in tiers that add up.",
        columns=(
            ref("site", "sites", "site"),
            ident("tier", "tier id, unique within its site"),
            num("mw", "MW", "power added by the tier", None, 0.001, 1e5),
            num("firmness", "share", "share of hours in which the power is contractually there", 1.0, 0, 1),
            period("available", "first period in which the tier can be energised", "start"),
            num("capex_musd", "M$", "cost of the tier, paid when energised; at 0 the tier is simply there", 0.0),
            flag("interruptible", "gives nothing in the stress block"),
            LIFE,
        ),
    ),
    Table(
        name="tariffs",
        layer="grid",
        key=("zone", "period", "block"),
        needs=("sites",),
        meaning="Price and carbon intensity of grid energy; every (zone, period, block) must be there.",
        columns=(
            ident("zone", "tariff zone"),
            period("period", "period", within=True),
            ref("block", "case.blocks", "representative block of case.toml"),
            num("energy_usd_per_mwh", "$/MWh", "price of energy", None, -500, 1e4),
            num("co2_kg_per_mwh", "kg/MWh", "carbon intensity", 0.0, 0, 2000),
        ),
    ),
    Table(
        name="profiles",
        layer="power supply",
        key=("profile", "block"),
        meaning="Availability of variable sources per block.",
        columns=(
            ident("profile", "profile id"),
            ref("block", "case.blocks", "representative block; every block must be there"),
            num("factor", "MW/MW", "output per MW of capacity", None, 0, 1),
        ),
    ),
    Table(
        name="ppas",
        layer="power supply",
        key=("ppa",),
        needs=("sites", "grid"),
        meaning="Power purchase agreements on offer; energy reaches sites of the zone through their grid connection.",
        columns=(
            ident("ppa", "contract id"),
            ref("zone", "tariffs.zone", "tariff zone"),
            text("tech", "solar, wind, nuclear, ... (source mix)", None),
            num("max_mw", "MW", "largest contract", None, 0.001, 1e5),
            num("price_usd_per_mwh", "$/MWh", "price", None, 0, 1e4),
            ref("profile", "profiles.profile", "output profile; blank: flat 1", ""),
            period("start", "first period of delivery", "start"),
            whole("tenor_periods", "periods", "length of the contract", None, 1, 400),
            num("take_share", "share", "share of the output that is paid for even if not taken", 0.0, 0, 1),
            num("co2_kg_per_mwh", "kg/MWh", "carbon intensity", 0.0, 0, 2000),
        ),
    ),
    Table(
        name="generators",
        layer="power supply",
        key=("generator",),
        needs=("sites",),
        meaning="On-site generation that may be built, in any size up to max_mw.",
        columns=(
            ident("generator", "generator id"),
            ref("site", "sites", "site"),
            text("tech", "gas, fuel cell, solar, ... (source mix)", None),
            num("max_mw", "MW", "largest capacity", None, 0.001, 1e5),
            num("firmness", "share", "share of hours in which it is there", 1.0, 0, 1),
            period("available", "first period in which it can run", "start"),
            num("capex_musd_per_mw", "M$/MW", "cost of capacity, paid when it enters service", None),
            num("energy_usd_per_mwh", "$/MWh", "fuel and running cost", None, 0, 1e4),
            num("co2_kg_per_mwh", "kg/MWh", "carbon intensity", 0.0, 0, 2000),
            ref("profile", "profiles.profile", "output profile; blank: flat 1", ""),
            LIFE,
        ),
    ),
)
