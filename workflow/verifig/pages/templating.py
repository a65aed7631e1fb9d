"""Filling our page templates."""

import functools
from pathlib import Path

import jinja2

from verifig.pages.typesetting import typeset

TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    return environment


def fill(name: str, **values: object) -> str:
    """A template filled with values; in HTML they are escaped unless marked safe. `style` is always there."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return _environment().get_template(name).render(style=style, **values)
