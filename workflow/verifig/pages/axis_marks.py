"""Ticks and grid lines of an SVG, which matplotlib writes one by one, as one path for all that look alike.

They are drawn where the first of them was: ticks stand outside of the panels, grid lines behind all that is in them.
"""

import re

TICK = re.compile(r'<defs>\n<path id="(\w+)" d="M0 0([hv][-.\d]+)" (style="[^"]*"/>)\n</defs>\n')
GRID = re.compile(r'<path d="(M[-.\d ]+[hv][-.\d]+)" (style="[^"]*stroke-opacity: 0\.25;[^"]*clip-path:[^"]*"/>)\n')
NAMED = '<g id="curve'  # a line across the axes that a script looks for


def merged(svg: str) -> str:
    """The same picture, looks written as `style`, paths as steps (see `steps`)."""
    return _grid(_ticks(svg))


def _ticks(svg: str) -> str:
    for name, step, look in TICK.findall(svg):
        use = re.compile(rf'<use href="#{name}" x="([-.\d]+)" y="([-.\d]+)"[^>]*/>\n')
        if any(svg[: found.start()].endswith("\n<g>\n") for found in use.finditer(svg)):
            continue  # points of a curve
        path = "".join(f"M{x} {y}{step}" for x, y in use.findall(svg))
        svg = TICK.sub(lambda found, name=name: "" if found[1] == name else found[0], svg)
        svg = use.sub("", use.sub(f'<path d="{path}" {look}\n', svg, count=1))
    return svg


def _grid(svg: str) -> str:
    lines: dict[str, list[str]] = {}
    for found in GRID.finditer(svg):
        if not _named(svg, found):
            lines.setdefault(found[2], []).append(found[1])

    def one(found: re.Match) -> str:
        if _named(svg, found):
            return found[0]
        paths = lines.pop(found[2], None)
        return f'<path d="{"".join(paths)}" {found[2]}\n' if paths else ""

    return GRID.sub(one, svg)


def _named(svg: str, found: re.Match) -> bool:
    return svg[svg.rfind("\n", 0, max(found.start() - 1, 0)) + 1 : found.start()].startswith(NAMED)
