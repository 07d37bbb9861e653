"""How the site is built: ``pip install -e '.[docs]'``, then ``python -m sphinx -W --keep-going -b html docs docs/_build``.

Nothing is fetched, and no page asks for anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import placement  # noqa: E402  (the checkout's own, whether or not one is installed)

project = "placement"
author = "the placement developers"
copyright = f"{author}, Apache-2.0"
version = release = placement.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",  # the rest is in _ext
    "repository",
    "pages",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_allow_space = False  # "$/t and not 50 $/t" is no equation
myst_dmath_allow_digits = False
smartquotes_action = "D"  # dashes of docstrings, and quotes as they are written

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False  # several arguments that are told together stay together
napoleon_use_rtype = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"placement {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"source_repository": "", "footer_icons": []}
