"""Tables of accelerators, orders and what runs already."""

from __future__ import annotations

from placement.case.columns import LIFE, NAN, Table, choice, country, ident, num, period, ref, text, whole

TABLES = (
    Table(
        name="skus",
        layer="chips",
        key=("sku",),
        meaning="Accelerator types. Power is per accelerator with its share of host and network.",
        columns=(
            ident("sku", "SKU id"),
            text("name", "name shown in reports"),
            text("vendor", "vendor (vendor_caps)", None),
            num("kw_per_unit", "kW", "IT power per accelerator at full load", None, 0.05, 50),
            num("idle_share", "share", "share of kw_per_unit drawn by a deployed unit that does nothing", 0.0, 0, 1),
            num("hbm_gb", "GB", "memory per accelerator", None, 0.1, 1e5),
            whole("node_units", "accelerators", "accelerators that can hold one replica together (scale-up domain)", 8, 1, 10000),
            choice("cooling", ("air", "liquid"), "cooling that the SKU needs", "air"),
            num("kw_per_rack", "kW", "IT power of one full rack; blank: fits everywhere", NAN, 0.1, 1e4),
            text("export_class", "class in `export`; blank: unrestricted"),
            num(
                "tpp",
                "TOPS x bit",
                "total processing performance per accelerator as US export rules count it (ECCN 3A090): the largest of dense TOPS x bit length "
                "over all formats; blank: not counted",
                NAN,
                100,
                1e7,
            ),
            whole("service_periods", "periods", "periods that bought units are in service after they arrive, then they are gone; blank: to the end", 0, 1, 400),
            country("origin_country", "country that the SKU counts as made in (domestic_shares); blank: abroad", ""),
            LIFE,
        ),
    ),
    Table(
        name="offers",
        layer="chips",
        key=("offer",),
        needs=("skus",),
        meaning="Chips that can be bought or rented: supply by period, price and lead time.",
        columns=(
            ident("offer", "offer id"),
            ref("sku", "skus", "SKU"),
            choice(
                "kind",
                ("buy", "take_or_pay", "lease", "on_demand"),
                "take_or_pay: if signed at all, at least take_share of max_units is bought; lease: rented for term_periods; "
                "on_demand: rented period by period, without commitment",
                "buy",
            ),
            period("period", "period in which the order is placed and paid; on_demand: first period on offer", within=True),
            num("max_units", "accelerators", "largest order; on_demand: most units in any period", None, 1e-6, 1e8),
            num(
                "unit_price_usd",
                "$",
                "price per accelerator with its share of host and network; lease: paid up front, blank: nothing; on_demand: blank",
                NAN,
                0,
                1e7,
            ),
            num("take_share", "share", "smallest order as a share of max_units; only for take_or_pay", 0.0, 0, 1),
            whole("lead_periods", "periods", "periods from order to deployment", 0, 0, 400),
            num("rent_usd_per_unit_month", "$/month", "rent per accelerator; only for lease and on_demand", 0.0, 0, 1e6),
            whole("term_periods", "periods", "periods for which the units stay and are paid for; only for lease", 0, 0, 400),
            period("until", "last period on offer; only for on_demand; blank: to the end", "end"),
            ref("site", "sites", "the units stand at this site only; only for lease and on_demand; blank: anywhere but at sites with power_included", ""),
            num("min_units", "accelerators", "smallest order, if any is placed; only for buy and lease", 0.0, 0, 1e8),
            num(
                "pack_units", "accelerators", "the units come in whole packs of so many (1: whole accelerators, 8: whole nodes); blank: any amount", 0.0, 0, 1e6
            ),
        ),
    ),
    Table(
        name="price_tiers",
        layer="chips",
        key=("offer", "from_units"),
        needs=("offers",),
        meaning="Prices by quantity: the units of an order beyond from_units cost this price, those before keep theirs (an incremental discount).",
        columns=(
            ref("offer", "offers", "offer of kind buy or take_or_pay; its unit_price_usd is the price of the first units"),
            num("from_units", "accelerators", "units before the tier begins", None, 1e-6, 1e8),
            num("unit_price_usd", "$", "price per accelerator of the tier", None, 0, 1e7),
        ),
    ),
    Table(
        name="resale",
        layer="chips",
        key=("sku", "period"),
        needs=("skus", "offers"),
        meaning="The market for used chips: units bought in an earlier period can be sold on; a missing row is no market.",
        columns=(
            ref("sku", "skus", "SKU"),
            period("period", "period in which the units leave and are paid for", within=True),
            num("unit_price_usd", "$", "price per used accelerator with its share of host and network", None, 0.01, 1e7),
            num("max_units", "accelerators", "most units that the market takes in the period", None, 1e-6, 1e8),
        ),
    ),
    Table(
        name="installed",
        layer="chips",
        key=("domain", "sku"),
        needs=("skus", "halls"),
        meaning="Chips that run already; they stay where they are until they retire.",
        columns=(
            text("domain", "fabric domain", None),
            ref("sku", "skus", "SKU"),
            num("units", "accelerators", "units in service", None, 1e-6, 1e8),
            period("retires", "period from which they are gone, and their hall space and power with them; blank: they stay", "never"),
        ),
    ),
    Table(
        name="vendor_caps",
        layer="chips",
        key=("vendor",),
        needs=("skus", "offers"),
        meaning="Limit on dependence on one vendor.",
        columns=(
            ref("vendor", "skus.vendor", "vendor"),
            num("max_spend_share", "share", "largest share of the spend on all chip orders", None, 0, 1),
        ),
    ),
)
