"""What the rules that exclude options say, in a planner's words; see models/README.md, sections 5 and 6."""

from __future__ import annotations

#: Rule (before the colon, if any) -> what it says.
MEANING = {
    "residency": "data must not leave the region",
    "export": "export control forbids the chip there",
    "cooling": "the chip needs liquid cooling that the hall lacks",
    "memory": "not enough memory on the chip",
    "firmness": "the site can never give power as firm as asked",
    "goodput": "too many outages at the site",
    "size": "the hall, or the supply of chips, is too small",
    "power": "more power than the site can ever have",
    "dates": "nothing suitable is there in time",
    "latency": "too far from the users for the latency limit",
    "chips": "no such chip is or ever comes there",
    "n_minus_1": "one failure domain alone can serve the metro, and N-1 needs two",
}


def meaning(rule: str) -> str:
    """Return what a rule says, with its id behind it; the id alone where nothing is said of it.

    Examples
    --------
    >>> meaning("residency:eu-gov"), meaning("apart")
    ('data must not leave the region (residency:eu-gov)', 'apart')
    """
    said = MEANING.get(rule.partition(":")[0])
    return f"{said} ({rule})" if said else rule
