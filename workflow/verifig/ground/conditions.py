"""How a condition is written in tables and claims."""

from collections.abc import Mapping

import numpy as np


def condition_text(condition: Mapping | str | None) -> str:
    """`{"p": 53, "arm": "perp"}` -> `"arm=perp;p=53"`: sorted, numbers in their shortest form; `"perp"` -> `"condition=perp"`."""
    if isinstance(condition, str):
        condition = {"condition": condition}
    return ";".join(f"{name}={_text(value)}" for name, value in sorted((condition or {}).items()))


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | float | np.integer | np.floating):
        return f"{value:.12g}"
    return str(value)
