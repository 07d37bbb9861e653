"""One seam for parallel work: pure tasks in this process, in local processes, or on a cluster."""

from placement.parallel.flags import stopped
from placement.parallel.pool import Pool, Task

__all__ = ["Pool", "Task", "stopped"]
