"""`verifig new`: a paper from the template, which runs, is judged and shows up on the site at once."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.paths import REPLICATIONS, ROOT, name_in_suite, slugs
from verifig.ground.yaml_files import read_yaml
from verifig.planning import themes

TEMPLATE = ROOT / "workflow" / "template"
NAME = r"[a-z][a-z0-9_]*"
# what the template has in place of what is known of a paper
FIELDS = {
    "title": "REPLACE: title of the paper",
    "authors": "REPLACE: its authors",
    "venue": "REPLACE: where it appeared",
    "url": "https://example.org",
}


def ask(known: Mapping[str, str], answer: Callable[[str], str] = input) -> tuple[str, dict[str, str]]:
    """The paper's `<theme>/<paper>` and fields, asked for one by one; an empty answer leaves a field to be replaced later.

    Args:
        known: fields given already, which are not asked for.
        answer: gives the reader's answer to a question.
    """
    theme = answer(f"theme, one of {', '.join(themes.load())}, or a new one in snake_case: ").strip()
    paper = answer("paper, as it is cited, in snake_case (kumar2024): ").strip()
    questions = {name: f"{name} of the paper (empty: later): " for name in FIELDS if name not in known}
    answers = {name: answer(question).strip() for name, question in questions.items()}
    return f"{theme}/{paper}", {**known, **{name: text for name, text in answers.items() if text}}


def create(name: str, fields: Mapping[str, str] | None = None) -> Path:
    """Copy the template to replications/<theme>/<paper>/ under its new name, the theme's files too if it is new.

    Args:
        name: `<theme>/<paper>`.
        fields: what is known of the paper: `title`, `authors`, `venue`, `url`.

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
            file.write_text(_filled(_named(source, theme, slug), fields or {}), encoding="utf-8")
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


def _filled(text: str, fields: Mapping[str, str]) -> str:
    """A YAML text with what is known of the paper."""
    for name, value in fields.items():
        quoted = json.dumps(value, ensure_ascii=False)
        text = text.replace(f'"{FIELDS[name]}"', quoted).replace(f"{name}: {FIELDS[name]}", f"{name}: {quoted}")
    return text


def _named(source: Path, theme: str, slug: str) -> str:
    """The text of a template's file; the Snakefile's variable SLUG keeps its name."""
    text = source.read_text(encoding="utf-8").replace("THEME", theme)
    return re.sub(r"\bSLUG\b(?! =)", slug, text)
