"""Numbers for people: few digits, no false precision."""

import math


def text(value: float | str | None, digits: int = 3) -> str:
    """`0.98765` -> `0.988`, `12345` -> `12,300` is not done: integers keep their digits up to 10 million."""
    if value is None:
        return "undefined"
    if isinstance(value, str):
        return {"inf": "∞", "-inf": "−∞"}.get(value, value)
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e7:
        return _minus(f"{value:,.0f}")
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= digits:
        return _minus(f"{value:,.0f}") if magnitude < 7 else _scientific(value, digits)
    if magnitude < -4:
        return _scientific(value, digits)
    return _minus(f"{value:.{max(digits - 1 - magnitude, 0)}f}")


def interval(low: float | str | None, high: float | str | None, digits: int = 3) -> str:
    """`[low, high]`."""
    return f"[{text(low, digits)}, {text(high, digits)}]"


def bounds(low: float | str, high: float | str) -> str:
    """Bounds as people write them: `≥ 0.98`, `0.8 … 0.97`, `= 3`."""
    if high == "inf":
        return f"≥ {text(low)}"
    if low == "-inf":
        return f"≤ {text(high)}"
    digits = digits_for(low, high)
    if low == high:
        return f"= {text(low, digits)}"
    return f"{text(low, digits)} … {text(high, digits)}"


def digits_for(low: float | str, high: float | str) -> int:
    """Significant digits that a value needs to be told from its bounds: 3, or 6 where they lie within a percent."""
    if isinstance(low, str) or isinstance(high, str):
        return 3
    return 3 if abs(high - low) > 1e-2 * max(abs(low), abs(high)) else 6


def plural(unit: str) -> str:
    """`seed` -> `seeds`, `group of 10 draws` -> `groups of 10 draws`, `initial weights` stays."""
    head, _, tail = unit.partition(" of ")
    head = head if head.endswith("s") else f"{head}s"
    return f"{head} of {tail}" if tail else head


def count(n: int, unit: str) -> str:
    """`1 seed`, `8 groups of 10 draws`."""
    return f"{n:,} {unit if n == 1 else plural(unit)}"


def seconds(value: float) -> str:
    """A duration, coarsely: 2 significant digits, in s, min or h."""
    for size, name in ((3600, "h"), (60, "min")):
        if value >= 2 * size:
            return f"{value / size:.2g} {name}"
    return f"{value:.2g} s" if value < 100 else f"{round(value, -1):.0f} s"


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return _minus(f"{mantissa} × 10{raised}")


def _minus(shown: str) -> str:
    return shown.replace("-", "−")
