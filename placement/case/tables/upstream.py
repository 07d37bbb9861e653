"""Tables of what chips are made of and where: stages that SKUs share, and the share to be made at home."""

from __future__ import annotations

from placement.case.columns import Table, ident, num, period, ref, text, whole

TABLES = (
    Table(
        name="stages",
        layer="chips",
        key=("stage", "period"),
        needs=("skus", "offers", "sku_stages"),
        meaning="Output of the stages that chips pass before they can be used (wafers, advanced packaging, memory, test, network kit), as far as it can "
        "be had. SKUs of all vendors share it. A period without a row is not limited; what passed a stage before the first period is not either.",
        columns=(
            ident("stage", "stage id, such as wafers-4nm, packaging, hbm"),
            period("period", "period in which the chips pass the stage", within=True),
            num("capacity", "units of the stage", "largest output in the period, in the units of sku_stages.use_per_unit (wafers, stacks, kits)", None, 0, 1e9),
        ),
    ),
    Table(
        name="sku_stages",
        layer="chips",
        key=("sku", "stage"),
        needs=("skus", "stages"),
        meaning="What one accelerator takes of each stage, and how long before its arrival.",
        columns=(
            ref("sku", "skus", "SKU"),
            ref("stage", "stages", "stage"),
            num(
                "use_per_unit", "units of the stage", "what one accelerator with its share of host and network takes, losses in yield included", None, 1e-4, 1e6
            ),
            whole("lead_periods", "periods", "periods from the stage to the arrival of the order", 0, 0, 400),
        ),
    ),
    Table(
        name="domestic_shares",
        layer="chips",
        key=("programme",),
        needs=("skus", "offers"),
        meaning="Chips to be made at home or by allies: the least share of the spend on all chip orders.",
        columns=(
            ident("programme", "id of the rule, quoted in explanations"),
            text("origins", "countries whose chips count (skus.origin_country), separated by ';'", None),
            num("min_spend_share", "share", "least share of the spend on all chip orders", None, 1e-4, 1),
        ),
    ),
)
