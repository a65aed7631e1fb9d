"""Paths of an SVG as steps of tenths of a point: `M1 2L3.5 2L4 2.5z` becomes `M1 2h2.5l.5.5z`.

A closed outline (a band, a bar) loses corners that lie within a tenth of a point on the line between their neighbours;
an open line, whose corners are data, keeps all.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

Point = tuple[int, int]  # in tenths of a point

PIECE = re.compile(r"M[^MLz]*(?:L[^MLz]*)*z?")
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
SIMPLE = re.compile(r"[MLz\d\s.,+-]*")
TOLERANCE = 1.0  # tenths of a point
FEW = 8  # corners of an outline that keeps all


def written(path: str) -> str:
    """The data of a path, shorter; one with curves is rounded only."""
    text = " ".join(path.split())
    if not SIMPLE.fullmatch(text):
        rounded = NUMBER.sub(lambda found: _tenths(round(10 * float(found[0]))), text)
        return re.sub(r"\s*([A-Za-z])\s*", r"\1", rounded)
    return "".join(_piece(found[0]) for found in PIECE.finditer(text))


def _piece(text: str) -> str:
    numbers = [round(10 * float(each)) for each in NUMBER.findall(text)]
    points, closed = list(zip(numbers[::2], numbers[1::2], strict=True)), text.endswith("z")
    if closed and len(points) > FEW:
        points = thinned(points)
    (x, y), *_ = points
    return f"M{joined([x, y])}{''.join(_steps(points))}{'z' if closed else ''}"


def _steps(points: Sequence[Point]) -> Iterator[str]:
    """Commands with the steps from point to point; a point again is no step, but a dot stays one."""
    moves = [(c - a, d - b) for (a, b), (c, d) in pairwise(points)]
    moves = [move for move in moves if any(move)] or moves[:1]
    for command, run in groupby(moves, lambda move: "l" if all(move) else "h" if move[0] or not move[1] else "v"):
        sides = {"l": (0, 1), "h": (0,), "v": (1,)}[command]
        yield command + joined([move[side] for move in run for side in sides])


def joined(numbers: Sequence[int]) -> str:
    """Numbers with a space only where one would run into the next."""
    pieces, last = [], ""
    for number in map(_tenths, numbers):
        apart = pieces and not number.startswith("-") and not (number.startswith(".") and "." in last)
        pieces.append(f" {number}" if apart else number)
        last = number
    return "".join(pieces)


def _tenths(number: int) -> str:
    """`12` for 120, `-.5` for -5."""
    whole, rest = divmod(abs(number), 10)
    return f"{'-' if number < 0 else ''}{whole or ('' if rest else 0)}{f'.{rest}' if rest else ''}"


def thinned(points: Sequence[Point]) -> list[Point]:
    """The points without those within `TOLERANCE` of the line that is drawn without them (Douglas and Peucker)."""
    kept, open_ = {0, len(points) - 1}, [(0, len(points) - 1)]
    while open_:
        first, last = open_.pop()
        far = max(range(first + 1, last), key=lambda k: _off(points[k], points[first], points[last]), default=None)
        if far is not None and _off(points[far], points[first], points[last]) > TOLERANCE:
            kept.add(far)
            open_ += [(first, far), (far, last)]
    return [points[k] for k in sorted(kept)]


def _off(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from the segment between two."""
    (x, y), (a, b) = ((each[0] - start[0], each[1] - start[1]) for each in (point, end))
    along = min(1.0, max(0.0, (x * a + y * b) / (a * a + b * b))) if a or b else 0.0
    return ((x - along * a) ** 2 + (y - along * b) ** 2) ** 0.5


def places(path: str) -> list[list[tuple[float, float]]]:
    """Corners by stroke of a path as it is written, in points."""
    found: list[list[tuple[float, float]]] = []
    x = y = 0.0
    for command, text in re.findall(r"([MLCQlhv])([^A-Za-z]*)", path):
        numbers = [float(each) for each in NUMBER.findall(text)]
        wide = 1 if command in "hv" else 2
        for k in range(0, len(numbers), wide):
            step = {"h": (numbers[k], 0.0), "v": (0.0, numbers[k])}.get(command, tuple(numbers[k : k + 2]))
            x, y = (x + step[0], y + step[1]) if command.islower() else step
            if command == "M" and k == 0:
                found.append([])
            found[-1].append((round(x, 1), round(y, 1)))
    return found
