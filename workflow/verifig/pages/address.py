"""The public address of the suite's repository, as far as CITATION.cff says one, and places below it."""

import functools
from urllib.parse import urlencode

from verifig.ground import revision
from verifig.ground.paths import ROOT
from verifig.ground.yaml_files import read_yaml
from verifig.pages.code_lines import Lines


@functools.cache
def citation() -> dict:
    """What CITATION.cff says; nothing where the suite is installed without it."""
    path = ROOT / "CITATION.cff"
    return read_yaml(path) if path.exists() else {}


def repository() -> str | None:
    """`https://github.com/<owner>/<name>`; None as long as no address is known."""
    address = citation().get("repository-code")
    return address.rstrip("/") if address else None


@functools.cache
def _revision() -> str:
    """The commit of this checkout; HEAD where files differ from it, for what is published is committed next."""
    commit = revision.commit()
    return commit if commit and " " not in commit else "HEAD"


def code(lines: Lines) -> str | None:
    """Address of some lines of code, at the commit that is checked out."""
    base = repository()
    return base and f"{base}/blob/{_revision()}/{lines.file}#L{lines.first}-L{lines.last}"


def new_issue(title: str, body: str) -> str | None:
    """Address at which an issue with this text can be filed."""
    base = repository()
    return base and f"{base}/issues/new?{urlencode({'title': title, 'body': body})}"
