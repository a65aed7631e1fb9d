"""Which files a stage's code consists of, found without importing it.

The static import closure of an entry module within `verifig` and one rule set: every `import` statement is followed,
also those inside functions. Its digests are part of a job, so results follow the content of the code exactly.
"""

import ast
import functools
import importlib.metadata
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from verifig.ground.files import sha256
from verifig.ground.paths import LIBRARY, REPLICATIONS, name_in_suite

DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "pyyaml", "PIL": "pillow"}
LOCATIONS = {"verifig": LIBRARY, "replications": REPLICATIONS}


def files(entries: Iterable[str]) -> list[Path]:
    """Source files in the closure of dotted module names, sorted."""
    return list(_closure(tuple(entries)))


def digests(entries: Iterable[str]) -> dict[str, str]:
    """`{path relative to the suite: sha256}` of the closure."""
    return {name_in_suite(path): _digest(path) for path in files(entries)}


def versions(entries: Iterable[str]) -> dict[str, str]:
    """Installed versions of the third-party packages that the closure imports."""
    names = {name.partition(".")[0] for path in files(entries) for name in _imports(path)}
    names -= set(LOCATIONS) | set(sys.stdlib_module_names)
    distributions = [DISTRIBUTIONS.get(name, name) for name in sorted(names)]
    return {distribution: _version(distribution) for distribution in distributions}


@functools.cache
def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


_digest = functools.cache(sha256)


@functools.cache
def _closure(entries: tuple[str, ...]) -> tuple[Path, ...]:
    found: set[Path] = set()
    pending = [path for entry in entries for path in _module_files(entry)]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _imported(path)
    return tuple(sorted(found))


def _module_files(name: str) -> list[Path]:
    """Files of `a.b.c` and of its parent packages; names below a module (functions, classes) are ignored."""
    top, *rest = name.split(".")
    if top not in LOCATIONS:
        return []
    folder, result = LOCATIONS[top], []
    for part in [None, *rest]:
        if part is not None:
            if (folder / f"{part}.py").is_file():
                result.append(folder / f"{part}.py")
                break
            folder = folder / part
        if (folder / "__init__.py").is_file():
            result.append(folder / "__init__.py")
    return result


@functools.cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Files of the suite that a file imports."""
    return tuple(dict.fromkeys(file for name in _imports(path) for file in _module_files(name)))


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    """Dotted names that a file imports, relative imports resolved."""
    names = []
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(_top(path).parent).parts[: -node.level]
                base = ".".join([*package, *filter(None, [base])])
            names += [f"{base}.{alias.name}" for alias in node.names]
    return tuple(names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Statements below a node, also those inside functions and branches; expressions hold none and are not walked."""
    for block in ("body", "orelse", "handlers", "finalbody", "cases"):
        for child in getattr(node, block, []):
            yield child
            yield from _statements(child)


def _top(path: Path) -> Path:
    return next(folder for folder in LOCATIONS.values() if path.is_relative_to(folder))
