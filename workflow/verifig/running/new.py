"""`verifig new`: a paper from the template, which runs, is judged and shows up on the site at once."""

import re
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.paths import REPLICATIONS, ROOT, name_in_suite, slugs
from verifig.ground.yaml_files import read_yaml

TEMPLATE = ROOT / "workflow" / "template"
NAME = r"[a-z][a-z0-9_]*"


def create(name: str) -> Path:
    """Copy the template to replications/<theme>/<paper>/ under its new name, the theme's files too if it is new.

    Args:
        name: `<theme>/<paper>`.

    Returns:
        The paper's folder.

    Raises:
        InputError: the name has another form, or the paper exists.
    """
    if not re.fullmatch(f"{NAME}/{NAME}", name):
        raise InputError(
            f"the new paper needs a theme and a name in snake_case, as in grokking/kumar2024, not {name!r}: "
            "make new paper=<theme>/<paper>, or python -m verifig new <theme>/<paper>"
        )
    theme, slug = name.split("/")
    if slug in slugs() or (REPLICATIONS / slug).exists():
        raise InputError(f"{slug} exists already")
    target = REPLICATIONS / theme / slug
    target.mkdir(parents=True)
    _list(theme, slug)
    for source in sorted((TEMPLATE / "paper").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            file = target / source.relative_to(TEMPLATE / "paper").as_posix().replace("SLUG", slug)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_named(source, theme, slug), encoding="utf-8")
    return target


def _list(theme: str, slug: str) -> None:
    """Put a paper last in its theme."""
    path = REPLICATIONS / theme / "theme.yaml"
    if not path.exists():
        path.write_text(_named(TEMPLATE / "theme.yaml", theme, slug), encoding="utf-8")
        (path.parent / "__init__.py").touch()
        return
    papers = ", ".join([*read_yaml(path)["papers"], slug])
    text, found = re.subn(r"(?m)^papers: \[.*\]$", f"papers: [{papers}]", path.read_text(encoding="utf-8"))
    if not found:
        raise InputError(f"{name_in_suite(path)}: papers must stand on one line, as in papers: [a, b]")
    path.write_text(text, encoding="utf-8")


def _named(source: Path, theme: str, slug: str) -> str:
    """The text of a template's file; the Snakefile's variable SLUG keeps its name."""
    text = source.read_text(encoding="utf-8").replace("THEME", theme)
    return re.sub(r"\bSLUG\b(?! =)", slug, text)
