"""One notation for all that a page shows: `82.1 %`, `2.7 × 10⁻⁶`, `−0.11`, `α`, powers raised, indices set below.

Authors write `1e-5`, `10^-17`, `83%`, `-0.11` and `alpha` in claims and captions, and so do Python and Matplotlib; pages,
figures and alternative texts pass through here once. Code, addresses and attributes stay as they are.
"""

import re
from collections.abc import Callable

from verifig.ground.numbers import raised
from verifig.pages.typesetting import GREEK, INDEX, POWER

POWER_OF_TEN = re.compile(r"(?<![\w.])(\d(?:\.\d+)?)e([-+−]?)0*(\d{1,3})(?!\w|\.\d)")
RAISED = re.compile(r"(?<=[\w)\]])\^(?:([-−]?\d+)|\{([-−]?\d+)\}|\(([-−]?\d+)\))(?![\w./])")
PERCENT = re.compile(r"(?<=\d)%(?!\w)")
MINUS = re.compile(r"(?<=[\s(\[,=|…])-(?=\d)|^-(?=\d[\d.,]*$)")
LETTER = re.compile(rf"(?<![\w.-])({'|'.join(GREEK)})(?=_[A-Z](?!\w)|[^\w-]|-\W|$)")  # not chi-square, alpha_06
UNTOUCHED = re.compile(r"(<(?:code|pre|script|style)\b.*?</(?:code|pre|script|style)>|<[^>]*>)", re.DOTALL)
FLAT = re.compile(r"(<(title|svg|option)\b.*?</\2>)", re.DOTALL)  # hold no elements of HTML
CODE = re.compile(r"(^```.*?^```|`[^`\n]*`|\]\([^)\s]*\)|<[^>]*>|https?://\S+)", re.DOTALL | re.MULTILINE)


def plain(text: str) -> str:
    """A text in the suite's notation, without markup."""
    text = POWER_OF_TEN.sub(lambda found: _ten(found[1], found[2], found[3]), text)
    text = RAISED.sub(lambda found: raised(found[1] or found[2] or found[3]), text)
    text = LETTER.sub(lambda found: GREEK[found[1]], text)
    return MINUS.sub("−", PERCENT.sub(" %", text))


def html(text: str) -> str:
    """An HTML text in the suite's notation; indices, and powers that are no whole numbers, become elements."""
    pieces = FLAT.split(text)  # what is flat, and its name, at every third and second of three places
    return "".join(_outside(piece, (_set, plain)[k % 3]) for k, piece in enumerate(pieces) if k % 3 < 2)


def svg(text: str) -> str:
    """A picture whose texts are in the suite's notation."""
    return _outside(text, plain)


def markdown(text: str) -> str:
    """A Markdown text in the suite's notation, but for code and addresses."""
    return "".join(piece if k % 2 else plain(piece) for k, piece in enumerate(CODE.split(text)))


def _outside(text: str, written: Callable[[str], str]) -> str:
    return "".join(piece if k % 2 else written(piece) for k, piece in enumerate(UNTOUCHED.split(text)))


def _set(text: str) -> str:
    text = INDEX.sub(lambda found: f"{found[1]}<sub>{found[2] or found[3]}</sub>", plain(text))
    return POWER.sub(lambda found: f"<sup>{found[1] or found[2] or found[3]}</sup>", text)


def _ten(mantissa: str, sign: str, exponent: str) -> str:
    ten = "10" + raised(("−" if sign in "-−" and sign else "") + exponent)
    return ten if float(mantissa) == 1 else f"{mantissa} × {ten}"
