"""Published instances: one file per format, each a description of the file and a reader into an ordinary case."""

from placement.instances.diaz import read_diaz
from placement.instances.gap import read_gap
from placement.instances.holmberg import read_holmberg
from placement.instances.orlib_cap import read_orlib_cap
from placement.instances.registry import FORMATS, Format, read_instance
from placement.instances.tbed import read_tbed

__all__ = ["FORMATS", "Format", "read_diaz", "read_gap", "read_holmberg", "read_instance", "read_orlib_cap", "read_tbed"]
