"""Limits by the clock and by counted work."""

import math
import pickle
import time

from placement.engine.effort import Effort


def test_time_runs_out_and_parts_are_of_what_is_left() -> None:
    effort = Effort(seconds=0.05)
    assert 0 < effort.part(0.5).left <= 0.025
    time.sleep(0.06)
    assert effort.left == 0 and effort.count(1e6) == 1


def test_counted_work_knows_no_clock() -> None:
    effort = Effort(work=2.0)
    assert effort.left == math.inf and effort.count(100) == 200 and effort.part(0.25).work == 0.5


def test_what_is_left_travels_to_another_process() -> None:
    """Not the moment it began: clocks of machines differ."""
    effort = Effort(seconds=5.0)
    time.sleep(0.02)
    again = pickle.loads(pickle.dumps(effort))
    assert 4.0 < again.left < 4.99 and not again.counted
    assert pickle.loads(pickle.dumps(Effort(work=3.0))).work == 3.0
