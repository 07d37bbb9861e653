"""What a reference design saves (models/README.md section 1)."""

from __future__ import annotations

import numpy as np

from placement.plan.checking.facts import Facts, Ints


def saved_periods(facts: Facts, start: Ints, work: Ints) -> Ints:
    """Return the periods that each hall has saved: those of its design, if another hall of it was in service when the shortened work began.

    ``start``: period of entry into service; ``work``: periods of the hall's own milestones.
    """
    halls = facts.halls
    saving = dict(facts.case["designs"][["design", "saved_periods"]].itertuples(index=False, name=None))
    out = np.zeros(len(halls), int)
    for i, (design, existing) in enumerate(zip(halls["design"], halls["existing"], strict=True)):
        if design in saving and not existing:
            others = (halls["design"] == design).to_numpy(bool) & (np.arange(len(halls)) != i)
            lag = max(1, int(work[i]) - saving[design])
            if (start[others] + lag <= start[i]).any():
                out[i] = saving[design]
    return out
