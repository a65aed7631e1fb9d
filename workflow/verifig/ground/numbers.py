"""Numbers for people: few digits, no false precision."""

import math
import re


def text(value: float | str | None, digits: int = 3) -> str:
    """`0.98765` -> `0.988`, `12345` -> `12,300` is not done: integers keep their digits up to a billion."""
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
    if float(value).is_integer() and abs(value) < 1e9:
        return _minus(f"{value:,.0f}")
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))  # of 0.9997 that of 1.00
    if magnitude >= digits:
        return _minus(f"{value:,.0f}") if magnitude < 7 else _scientific(value, digits)
    if magnitude < -4:
        return _scientific(value, digits)
    return _minus(f"{value:.{max(digits - 1 - magnitude, 0)}f}")


def interval(low: float | str | None, high: float | str | None, digits: int = 3) -> str:
    """`[low, high]`."""
    return f"[{text(low, digits)}, {text(high, digits)}]"


def decimals_for(low: float | str | None, high: float | str | None) -> int | None:
    """Decimals that an interval carries: its width to two digits. None where it has no finite width, or one of 1e-6."""
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return None
    width = high - low
    if not math.isfinite(width) or width <= 0:
        return None
    decimals = max(1 - math.floor(math.log10(width)), 0)
    return decimals if decimals <= 6 else None


def fixed(value: float | str | None, decimals: int) -> str:
    """A number to so many decimals."""
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) >= 1e7:
        return text(value)
    return _minus(f"{round(value, decimals) + 0.0:,.{decimals}f}")


def bounds(low: float | str, high: float | str, digits: int | None = None) -> str:
    """Bounds as people write them: `≥ 0.98`, `0.8 … 0.97`, `= 3`."""
    digits = digits or digits_for(low, high)
    if high == "inf":
        return f"≥ {bound(low, digits)}"
    if low == "-inf":
        return f"≤ {bound(high, digits)}"
    if low == high:
        return f"= {bound(low, digits)}"
    return f"{bound(low, digits)} … {bound(high, digits)}"


def bound(value: float | str, digits: int = 3) -> str:
    """A bound, which was set and not measured, so without zeros at its end: `0.8`, `10⁻⁶`."""
    written = re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", text(value, digits))
    return re.sub(r"\.(?=\D|$)", "", written).removeprefix("1 × ")


def digits_for(low: float | str, high: float | str, value: float | str | None = None) -> int:
    """Significant digits to write bounds and a value with: 3, or 6 where the bounds lie within a percent.

    A value that would then look like a bound that it is not gets the digits that tell them apart, up to 10.
    """
    ends = [end for end in (low, high) if not isinstance(end, str)]
    close = len(ends) == 2 and abs(high - low) <= 1e-2 * max(abs(low), abs(high))
    digits = 6 if close else 3
    if value is None or isinstance(value, str):
        return digits
    for more in range(digits, 11):
        if all(value == end or bound(value, more) != bound(end, more) for end in ends):
            return more
    return digits


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
    return f"{value:.2g} s" if value < 99.5 else f"{round(value, -1):.0f} s"


def significant(value: float, digits: int) -> float:
    """The value to so many significant digits; whole numbers below a billion and what is not finite stay as they are."""
    whole = math.isfinite(value) and float(value).is_integer() and abs(value) < 1e9
    return value if whole or not math.isfinite(value) else float(f"{value:.{digits}g}")


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return _minus(f"{mantissa} × 10{raised(str(int(exponent)))}")


def raised(exponent: str) -> str:
    """A whole number as an exponent: `-17` -> `⁻¹⁷`."""
    return exponent.translate(str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _minus(shown: str) -> str:
    return shown.replace("-", "−")
