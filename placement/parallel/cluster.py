"""Tasks on the workers of a Dask scheduler that runs already; needs ``pip install 'placement[cluster]'``."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

import placement
from placement.errors import OptionError
from placement.parallel.flags import halt

CONNECT_S = 5.0  # to reach the scheduler, to see a worker, to hear from the workers
PATIENCE_S = 30.0  # without any worker, until a task counts as lost
LEAVE_S = 1.0


class Cluster:
    """A connection to a scheduler.

    Parameters
    ----------
    address
        Such as ``tcp://10.0.0.5:8786``.
    token
        Names the pool to its tasks.

    Attributes
    ----------
    workers
        Threads of all workers.

    Raises
    ------
    OptionError
        If ``distributed`` is not installed, nobody answers, there is no worker, or a worker's placement is another version.
    """

    def __init__(self, address: str, token: str) -> None:
        try:
            import distributed
            from distributed.comm import CommClosedError
        except ImportError as error:
            raise OptionError(f"cluster {address}: needs the package distributed; pip install 'placement[cluster]', or leave the cluster out") from error
        self.lost: tuple[type[BaseException], ...] = (CancelledError, CommClosedError)
        self.hopeless: tuple[type[BaseException], ...] = (distributed.KilledWorker,)  # Dask has tried again on other workers
        self._token, self._idle_since = token, 0.0
        try:
            self._client = _client(address)
        except (OSError, ValueError) as error:
            raise OptionError(f"cluster {address}: no scheduler answers there ({_first_line(error)}). Is the address right, and does it run?") from error
        try:
            self.workers = self._meet(address)
        except OptionError:
            self._client.close(timeout=LEAVE_S)
            raise
        self.executor: Executor = Quiet(self._client.get_executor(pure=False))

    def _meet(self, address: str) -> int:
        """Return how many tasks may run at once, after a look at every worker."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError as error:
            raise OptionError(f"cluster {address}: has no worker; start some, for example: dask worker {address}") from error
        try:
            versions = self._client.run(_version)
        except ImportError as error:
            raise OptionError(f"cluster {address}: a worker cannot import placement ({error}); install {placement.__version__} there") from error
        other = sorted({f"{worker} has {version}" for worker, version in versions.items() if version != placement.__version__})
        if other:
            raise OptionError(f"cluster {address}: {other[0]}, here is placement {placement.__version__}; install the same version")
        return max(1, sum(self._client.nthreads().values()))

    def failing(self) -> bool:
        """Whether the scheduler is gone, or has been without workers for ``PATIENCE_S``."""
        if self._client.status != "running":
            return True
        try:
            some = bool(self._client.nthreads())
        except (OSError, ValueError, RuntimeError):  # the connection broke during the call
            return True
        now = time.monotonic()
        self._idle_since = 0.0 if some else self._idle_since or now
        return not some and now - self._idle_since > PATIENCE_S

    def halt(self) -> None:
        """Set the flag in every worker, if the network allows; returns at once."""
        self._tell()

    def _tell(self) -> threading.Thread:
        def tell() -> None:
            try:
                self._client.run(halt, self._token, on_error="ignore")
            except (OSError, ValueError, RuntimeError, CancelledError):
                return  # best effort: whoever cannot be told runs on to the end of the task

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Give up what runs and leave; the cluster itself stays."""
        self._tell().join(LEAVE_S)
        if self._client.status == "running":
            self.executor.shutdown(wait=False)
        self._client.close(timeout=LEAVE_S)


class Quiet(Executor):
    """Dask's executor without its advice on large arguments: sent with the task, they are there again when a lost task runs elsewhere."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._inner.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Give up what runs unless it is to be waited for; Dask always cancels then."""
        self._inner.shutdown(wait=wait)


def _version() -> str:
    """Return the version of placement on a worker."""
    return placement.__version__


def _first_line(error: BaseException) -> Any:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _client(address: str) -> Any:
    """Return a client of the scheduler; one that nobody answers is closed at once.

    Left to the garbage collector, it may be closed while the next one starts, and wait for that one for ever.
    """
    import distributed

    class Closing(distributed.Client):
        def start(self, **options: Any) -> None:
            try:
                super().start(**options)
            except BaseException:
                self.close(timeout=LEAVE_S)
                raise

    return Closing(address, timeout=CONNECT_S, set_as_default=False, name="placement")
