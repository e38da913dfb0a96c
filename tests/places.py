# SPDX-License-Identifier: BSD-2-Clause
"""Where things are, for conftest.py and for the tests beside it."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def build_dir():
    """The build that is under test: $LUNBOOT_BUILD, or build/."""
    return TOP / os.environ.get("LUNBOOT_BUILD", "build")
