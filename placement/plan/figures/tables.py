"""What key figures are made from."""

from collections.abc import Mapping

import pandas as pd

#: Plan table by name.
Tables = Mapping[str, pd.DataFrame]
