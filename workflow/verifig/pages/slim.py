"""SVG as matplotlib writes it, made small without a visible change.

Coordinates to a tenth of a point, paths as steps (see `steps`), looks that recur as classes, short ids, and no group
that holds nothing together. Ids without a hash or a number (of curves, of entries) stay: a script looks for them.
"""

import re

from verifig.pages import axis_marks, steps

PLACES = re.compile(r' (?:d|x|y|points)="[^"]*"')  # attributes that hold coordinates
FINE = re.compile(r"-?\d+\.\d{2,}")
STYLE = re.compile(r' style="([^"]*)"')
CLIPPED = re.compile(r' clip-path="(url\(#\w+\))" style="([^"]*)"')
HASHED = re.compile(r'(?<=id=")[mph]\w*?[0-9a-f]{10}\w*(?=")')  # markers, clip paths, hatches
NAMED = re.compile(r'(?:(?<=id=")|(?<=href="#)|(?<=url\(#))[mph]\w+')  # where an id is given or used
AUTOMATIC = re.compile(r'(<g) id="[\w.]+_\d+"')
DESCRIBED = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)  # who made the file when: its title stays
UPRIGHT = re.compile(r' transform="rotate\(-0 [^)]*\)"')
WRAPPED = re.compile(r"<g>\n((?:<(?!/?g\b)[^\n]*\n)*)</g>\n")
POINTS = re.compile(r"<g([^>]*)>\n((?:<use [^>]*/>\n)+)</g>")


def slim(svg: str) -> str:
    """The same picture in less text; classes stand in the first `<style>`, which it must have."""
    svg = DESCRIBED.sub("", UPRIGHT.sub("", AUTOMATIC.sub(r"\1", svg))).replace("xlink:href", "href")
    svg = PLACES.sub(_place, svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', ""))
    svg = re.sub(r">\n\s+<", ">\n<", svg)
    short = {name: f"{name[0]}{k}" for k, name in enumerate(dict.fromkeys(HASHED.findall(svg)))}
    svg = NAMED.sub(lambda found: short.get(found[0], found[0]), svg)
    while (less := WRAPPED.sub(r"\1", svg)) != svg:
        svg = less
    svg = axis_marks.merged(CLIPPED.sub(r' style="\2; clip-path: \1"', svg))
    return _with_classes(POINTS.sub(_of_one_look, svg))


def _place(attribute: re.Match) -> str:
    """An attribute with rounded coordinates, a path as steps."""
    text = attribute[0]
    if text.startswith(" d="):
        return f' d="{steps.written(text.removeprefix(" d=").strip(chr(34)))}"'
    return FINE.sub(lambda number: f"{round(float(number[0]), 1) + 0.0:g}", text)


def _of_one_look(group: re.Match) -> str:
    """A group of points that look alike, which says it once; each point by itself is as opaque as before."""
    looks = set(STYLE.findall(group[2]))
    if len(looks) != 1 or " style=" in group[1] or re.search(r"(?<!-)opacity", look := looks.pop()):
        return group[0]
    return f'<g{group[1]} style="{look}">\n{STYLE.sub("", group[2])}</g>'


def _with_classes(svg: str) -> str:
    """Put looks that recur into classes, in the order in which they first appear."""
    looks = STYLE.findall(svg)
    names = {look: f"s{k}" for k, look in enumerate(look for look in dict.fromkeys(looks) if looks.count(look) > 1)}
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    svg = STYLE.sub(lambda found: f' class="{names[found[1]]}"' if found[1] in names else found[0], svg)
    return svg.replace("</style>", f"{rules}</style>", 1)
