"""SVG as matplotlib writes it, made small without a visible change.

Coordinates to a tenth of a point, looks that recur as classes, short ids, and no group that holds nothing together.
"""

import re

PLACES = re.compile(r' (?:d|x|y|points)="[^"]*"')  # attributes that hold coordinates
FINE = re.compile(r"-?\d+\.\d{2,}")
STYLE = re.compile(r' style="([^"]*)"')
HASHED = re.compile(r'(?<=id=")[mph]\w*?[0-9a-f]{10}\w*(?=")')  # markers, clip paths, hatches
NAMED = re.compile(r'(?:(?<=id=")|(?<=href="#)|(?<=url\(#))[mph]\w+')  # where an id is given or used
AUTOMATIC = re.compile(r' id="(?:line2d|text|xtick|ytick)_\d+"')
TWICE = re.compile(r"(L[^A-Za-z]*)\1+(?=[A-Z]|$)")  # the same point again
UPRIGHT = re.compile(r' transform="rotate\(-0 [^)]*\)"')
WRAPPED = re.compile(r"<g>\n((?:<(?!/?g\b)[^\n]*\n)*)</g>\n")


def slim(svg: str) -> str:
    """The same picture in less text; classes stand in the first `<style>`, which it must have."""
    svg = PLACES.sub(_place, UPRIGHT.sub("", AUTOMATIC.sub("", svg)))
    svg = re.sub(r">\n\s+<", ">\n<", svg)
    short = {name: f"{name[0]}{k}" for k, name in enumerate(dict.fromkeys(HASHED.findall(svg)))}
    svg = NAMED.sub(lambda found: short.get(found[0], found[0]), svg)
    while (less := WRAPPED.sub(r"\1", svg)) != svg:
        svg = less
    return _with_classes(svg)


def _place(attribute: re.Match) -> str:
    """An attribute with rounded coordinates, and no space where a letter of a path already parts them."""
    text = FINE.sub(lambda number: _rounded(number[0]), attribute[0])
    if not text.startswith(" d="):
        return text
    path = re.sub(r"\s*([A-Za-z])\s*", r"\1", text.removeprefix(' d="').removesuffix('"').strip())
    return f' d="{TWICE.sub(lambda found: found[1], path)}"'


def _rounded(number: str) -> str:
    return f"{round(float(number), 1) + 0.0:g}" if abs(float(number)) < 1e4 else number


def _with_classes(svg: str) -> str:
    """Put looks that recur into classes, in the order in which they first appear."""
    looks = STYLE.findall(svg)
    names = {look: f"s{k}" for k, look in enumerate(look for look in dict.fromkeys(looks) if looks.count(look) > 1)}
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    svg = STYLE.sub(lambda found: f' class="{names[found[1]]}"' if found[1] in names else found[0], svg)
    return svg.replace("</style>", f"{rules}</style>", 1)
