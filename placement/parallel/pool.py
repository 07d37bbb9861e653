"""One seam for parallel work: a ``concurrent.futures.Executor`` over this process, local processes, or a cluster.

Tasks are module-level functions of arguments that can be pickled, and pure: a task whose worker was lost is run again, and
what the lost run did is forgotten. Each task gives one result, taken once.

Local processes are spawned, never forked (HiGHS and numba start threads), and do not import the caller's main module: a
script without ``if __name__ == "__main__"``, a notebook, ``python -c`` and a test runner all work alike.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from itertools import count
from types import TracebackType
from typing import Any, Protocol
from weakref import WeakValueDictionary

from placement.errors import SolverError
from placement.parallel.cluster import Cluster
from placement.parallel.flags import forget, within
from placement.parallel.local import Here, Local

RETRIES = 2  # runs of a task beyond the first one, should its worker be lost
LOOK_S = 1.0  # how often somebody who waits looks whether workers still live


class Backend(Protocol):
    """Where tasks run."""

    lost: tuple[type[BaseException], ...]  # how the executor says that a worker was lost
    hopeless: tuple[type[BaseException], ...]  # how it says that it has tried again itself, in vain

    @property
    def executor(self) -> Executor:
        """The seam: all that tasks go through."""

    def failing(self) -> bool:
        """Whether workers are gone, so that waiting is of no use."""

    def halt(self) -> None:
        """Ask running tasks to stop; may be called from a signal handler."""

    def close(self) -> None:
        """Free everything within seconds."""


class Task:
    """A call that was started; belongs to the thread that uses the pool."""

    def __init__(self, pool: Pool, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._pool, self._function, self._args = pool, function, args
        self._losses, self._cancelled = 0, False
        self._backend, self._future = pool._submit(function, args)

    def done(self) -> bool:
        """Whether :meth:`result` returns (or raises) at once; a task whose worker was lost starts again instead."""
        if not self._cancelled and self._is_lost():
            self._pool._replace(self._backend)
        return self._cancelled or self._future.done()

    def result(self) -> Any:
        """Wait for the result; an exception of the task is raised here.

        Raises
        ------
        SolverError
            If the task lost its worker ``RETRIES + 1`` times.
        concurrent.futures.CancelledError
            If it was cancelled.
        """
        warned = False
        while not self._cancelled:
            wait([self._future], LOOK_S)
            if not self._future.done():
                if warned and self._backend.failing():  # looked at twice: the executor had time to say so itself
                    self._pool._replace(self._backend)
                warned = self._backend.failing()
            elif self._is_lost():
                self._pool._replace(self._backend)
            elif isinstance(self._future.exception(), self._backend.hopeless):
                raise self._gone() from self._future.exception()
            else:
                self._args = ()  # may be large, and is not needed again
                return self._future.result()
        raise CancelledError

    def cancel(self) -> None:
        """Give the task up; one that has begun runs to its end unless it looks at :func:`placement.parallel.stopped`."""
        self._cancelled = True
        self._future.cancel()

    def _is_lost(self) -> bool:
        if not self._future.done():
            return False
        return self._future.cancelled() or isinstance(self._future.exception(), self._backend.lost)

    def _again(self, old: Backend) -> None:
        """Submit once more after ``old`` was lost, unless the result had come before."""
        if self._cancelled or self._backend is not old or (self._future.done() and not self._is_lost()):
            return
        self._losses += 1
        if self._losses > RETRIES:
            raise self._gone()
        self._backend, self._future = self._pool._submit(self._function, self._args)

    def _gone(self) -> SolverError:
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        return SolverError(f"{name} lost its worker process again and again. Most often memory is short: use fewer workers")


class Pool:
    """Workers for pure tasks; use it as a context manager, from one thread.

    Parameters
    ----------
    workers
        Local processes; 1 runs every task in this process. They start when first used.
    cluster
        Address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``; its workers are used instead, and need the same
        version of placement.

    Attributes
    ----------
    workers
        Tasks that may run at the same time; on a cluster all its threads.

    Raises
    ------
    OptionError
        If the cluster cannot be used: nothing installed for it, not reachable, without workers, or of another version.

    Examples
    --------
    >>> import math
    >>> with Pool(1) as pool:
    ...     pool.run(math.gcd, [(4, 6), (9, 6)])
    [2, 3]
    """

    def __init__(self, workers: int = 1, cluster: str | None = None) -> None:
        self._token = uuid.uuid4().hex
        self._cluster, self._stopping, self._closed = cluster, False, False
        self._backend: Backend | None = None
        self._tasks: WeakValueDictionary[int, Task] = WeakValueDictionary()
        self._number = count()
        self.workers = workers
        if cluster is not None:
            first = Cluster(cluster, self._token)  # at once: a wrong address is told before the work begins
            self._backend, self.workers = first, first.workers

    def run(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Call ``function(*task)`` for every task; results in the order of the tasks. The first exception ends it."""
        if self._is_serial():
            return [self.start(function, *task).result() for task in tasks]
        started = [self.start(function, *task) for task in tasks]
        try:
            return [task.result() for task in started]
        finally:
            for task in started:
                task.cancel()  # what has not begun when one failed; else all are done

    def start(self, function: Callable[..., Any], *args: Any) -> Task:
        """Start one call; with one worker it runs at once, to its end, before this returns."""
        if getattr(function, "__module__", "__main__") == "__main__" or "<" in getattr(function, "__qualname__", "<"):
            raise ValueError(f"{function!r} must be a module-level function of a module that workers can import")
        task = Task(self, function, args)
        self._tasks[next(self._number)] = task
        return task

    def stop(self) -> None:
        """Make :func:`placement.parallel.stopped` true in every task of this pool, now and later; safe in a signal handler."""
        self._stopping, backend = True, self._backend
        if backend is not None:
            backend.halt()

    def close(self) -> None:
        """Stop all tasks and free the workers; those that do not listen are killed after a second."""
        backend, self._backend, self._closed = self._backend, None, True
        if backend is not None:
            backend.close()
        forget(self._token)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _is_serial(self) -> bool:
        return self._cluster is None and self.workers <= 1

    def _now(self) -> Backend:
        """Return the workers, new ones if there are none."""
        if self._closed:
            raise ValueError("the pool is closed")
        if self._backend is None:
            self._backend = Cluster(self._cluster, self._token) if self._cluster else Here(self._token) if self.workers <= 1 else Local(self.workers)
            if self._stopping:
                self._backend.halt()
        return self._backend

    def _submit(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Backend, Future[Any]]:
        backend = self._now()
        try:
            return backend, backend.executor.submit(within, self._token, function, args)
        except (BrokenExecutor, OSError, RuntimeError) as error:  # broke since somebody last looked, or at this moment: the task counts as lost
            future: Future[Any] = Future()
            future.set_exception(backend.lost[0](str(error)))
            return backend, future

    def _replace(self, old: Backend) -> None:
        """Drop workers that were lost, take fresh ones and give them everything that is not done."""
        if self._backend is old:
            self._backend = None
            old.close()
        for task in list(self._tasks.values()):
            task._again(old)
