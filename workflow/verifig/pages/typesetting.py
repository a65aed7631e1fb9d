"""Simple mathematics of plain sentences, as HTML: powers, indices, comparisons and Greek letters; `names` as code."""

import html
import re

from markupsafe import Markup

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω",
}  # fmt: skip
LETTER = re.compile(rf"(?<![A-Za-z_])({'|'.join(GREEK)})(?=\d?(?![A-Za-z\d]))")
CODE = re.compile(r"`([^`]+)`")
SIGNS = (("&lt;=", "≤"), ("&gt;=", "≥"), (" -&gt; ", " → "), ("+-", "±"))
SYMBOL = r"(?<![A-Za-zα-ω\d_])([A-Za-zα-ω])"
INDEX = re.compile(rf"{SYMBOL}_(?:\{{([^{{}}\s]+)\}}|([A-Za-zα-ω]{{1,3}}|\d+)(?![A-Za-z\d_]))")
NUMBERED = re.compile(r"([α-ω])(\d)(?!\d)")
POWER = re.compile(
    r"(?<=[\wα-ω)\]>])\^(?:\(([^()\s]+(?: [^()]{1,12})?)\)|\{([^{}]+)\}|([-−]?\d+(?:[./]\d+)?|[-−]?[A-Za-zα-ω]+(?:/\d+)?))"
)


def typeset(text: object) -> Markup:
    """A sentence with `N^alpha` as N to the power α, `p_k` with an index, `<=` as one sign; else as it stands, escaped."""
    pieces = CODE.split(html.escape(str(text), quote=False))
    return Markup("".join(f"<code>{piece}</code>" if k % 2 else _mathematics(piece) for k, piece in enumerate(pieces)))


def _mathematics(told: str) -> str:
    for written, sign in SIGNS:
        told = told.replace(written, sign)
    told = LETTER.sub(lambda found: GREEK[found[1]], told)
    told = INDEX.sub(lambda found: f"{found[1]}<sub>{found[2] or found[3]}</sub>", told)
    told = NUMBERED.sub(r"\1<sub>\2</sub>", told)
    return POWER.sub(lambda found: f"<sup>{(found[1] or found[2] or found[3]).replace('-', '−')}</sup>", told)
