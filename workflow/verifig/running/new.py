"""`verifig new`: a rule set from the template, which runs, is judged and shows up on the site at once."""

import re
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.paths import REPLICATIONS, ROOT

TEMPLATE = ROOT / "workflow" / "template"


def create(slug: str) -> Path:
    """Copy the template to replications/<slug>/ under its new name; returns the folder.

    Raises:
        InputError: the name is not snake_case, or taken.
    """
    if not slug:
        raise InputError("the new rule set needs a name: make new paper=<slug>, or python -m verifig new <slug>")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
        raise InputError(f"paper {slug!r} must be snake_case: lower-case letters, digits and underscores")
    target = REPLICATIONS / slug
    if target.exists():
        raise InputError(f"replications/{slug} exists already")
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        file = target / source.relative_to(TEMPLATE).as_posix().replace("SLUG", slug)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        # the Snakefile's variable SLUG keeps its name
        file.write_text(re.sub(r"\bSLUG\b(?! =)", slug, text), encoding="utf-8")
    return target
