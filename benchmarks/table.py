"""Write the table of published instances in README.md from results/published.jsonl.

    python benchmarks/table.py            # `placement bench --table` prints the same

A test keeps the two equal.
"""

from __future__ import annotations

from pathlib import Path

from placement.bench.table import read_records, table

HERE = Path(__file__).parent
README, RESULTS = HERE / "README.md", HERE / "results" / "published.jsonl"
BEGIN, END = "<!-- published: written by table.py -->", "<!-- end of published -->"


def main() -> None:
    """Replace the table between the marks."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{table(read_records(RESULTS))}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
