"""Which files a stage's code consists of, found without importing it.

The static import closure of an entry module within `verifig` and one rule set: every `import` statement is followed,
also those inside functions. Its digests are part of a job, so results follow the content of the code exactly.
"""

import ast
import functools
import importlib.metadata
import sys
from collections.abc import Iterable
from pathlib import Path

from verifig.ground.files import sha256
from verifig.ground.paths import LIBRARY, REPLICATIONS, name_in_suite

DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "pyyaml", "PIL": "pillow"}
LOCATIONS = {"verifig": LIBRARY, "replications": REPLICATIONS}


def files(entries: Iterable[str]) -> list[Path]:
    """Source files in the closure of dotted module names, sorted."""
    found: set[Path] = set()
    pending = [path for entry in entries for path in _module_files(entry)]
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found.add(path)
        pending += [file for name in _imports(path) for file in _module_files(name)]
    return sorted(found)


def digests(entries: Iterable[str]) -> dict[str, str]:
    """`{path relative to the suite: sha256}` of the closure."""
    return {name_in_suite(path): sha256(path) for path in files(entries)}


def versions(entries: Iterable[str]) -> dict[str, str]:
    """Installed versions of the third-party packages that the closure imports."""
    names = {name.partition(".")[0] for path in files(entries) for name in _imports(path)}
    names -= set(LOCATIONS) | set(sys.stdlib_module_names)
    result = {}
    for name in sorted(names):
        distribution = DISTRIBUTIONS.get(name, name)
        try:
            result[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            result[distribution] = "absent"
    return result


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
def _imports(path: Path) -> tuple[str, ...]:
    """Dotted names that a file imports, relative imports resolved."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(_top(path).parent).parts[: -node.level]
                base = ".".join([*package, *filter(None, [base])])
            names += [f"{base}.{alias.name}" for alias in node.names]
    return tuple(names)


def _top(path: Path) -> Path:
    return next(folder for folder in LOCATIONS.values() if path.is_relative_to(folder))
