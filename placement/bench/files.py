"""The file of a published instance: from a folder at hand, else downloaded once into a cache. Its bytes must be those of the registry.

A folder holds the files under the paths of ``files.csv`` (``gap/chu1997/d05100``, also packed as ``.gz``).
"""

from __future__ import annotations

import os
from pathlib import Path

from placement.bench.suites import PublishedFile
from placement.errors import DataError, OptionError, Problem

VARIABLE = "PLACEMENT_INSTANCES"


def instance_file(wanted: PublishedFile, folder: Path | None = None) -> Path:
    """Return the path of a file.

    Parameters
    ----------
    folder
        Where to look; default: the folder that the variable ``PLACEMENT_INSTANCES`` names. Without both the file is downloaded.

    Raises
    ------
    DataError
        If the folder does not have it, or it cannot be downloaded.
    OptionError
        If it must be downloaded and pooch (extra ``bench``) is not installed.
    """
    named = os.environ.get(VARIABLE)
    place = folder if folder is not None else Path(named) if named else None
    return _local(wanted, place) if place is not None else _download(wanted)


def _local(wanted: PublishedFile, folder: Path) -> Path:
    for path in (folder / wanted.file, folder / f"{wanted.file}.gz"):
        if path.is_file():
            return path
    remedy = f"Put it there (plain or as .gz), or leave out --instances and {VARIABLE} to download it from {wanted.url}."
    raise DataError([Problem(str(folder), "", f"has no file {wanted.file}", remedy)])


def _download(wanted: PublishedFile) -> Path:
    try:
        import pooch  # only the benchmarks need it
    except ImportError:
        remedy = f"install it (pip install 'placement[bench]'), or name a folder of instances: --instances FOLDER, or the variable {VARIABLE}"
        raise OptionError(f"{wanted.file} must be downloaded, which needs pooch; {remedy}") from None
    cache = Path(os.environ.get("PLACEMENT_CACHE") or pooch.os_cache("placement"))
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(wanted.url, f"sha256:{wanted.sha256}", fname=wanted.file.replace("/", "-"), path=cache))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; Value: another checksum
        why = str(error).splitlines()[0] if isinstance(error, ValueError) else type(error).__name__  # requests tells its whole history
        remedy = f"Try again later, or fetch the file yourself and name its folder with --instances FOLDER or {VARIABLE}."
        raise DataError([Problem(wanted.url, "", f"cannot be downloaded ({why})", remedy)]) from None


def check_bytes(wanted: PublishedFile, path: Path, sha256: str) -> None:
    """Refuse a file whose unpacked bytes are not those that the best-known value belongs to.

    Raises
    ------
    DataError
        If the checksums differ.
    """
    if sha256 != wanted.sha256:
        rule = f"is not the published {wanted.file}: its SHA-256 is {sha256[:12]}..., not {wanted.sha256[:12]}..."
        raise DataError([Problem(str(path), "", rule, f"Fetch {wanted.url}; several public copies are damaged.")])
