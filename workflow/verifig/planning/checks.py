"""What settings must satisfy beyond their schema: finite numbers, and the cross-conditions of a program.

A rule set states its cross-conditions in its `checks.py` (optional, imports no torch): one function per
program, named like it, `def <program>(members: Sequence[Mapping]) -> None`, given the members of `rulesets.members`.
"""

import importlib
import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from verifig.ground.errors import InputError
from verifig.ground.paths import package, ruleset_dir
from verifig.planning.overrides import BASE


def require(condition: bool, sentence: str) -> None:
    """Refuse settings unless `condition` holds.

    Args:
        sentence: what is wrong, naming setting, value and what is allowed.

    Raises:
        InputError: with that sentence.
    """
    if not condition:
        raise InputError(sentence)


def shared(members: Sequence[Mapping], names: Collection[str]) -> None:
    """Require that each of the settings has one value in all members, which one tensor program trains together.

    Raises:
        InputError: naming the first setting that differs, with its values.
    """
    for name in names:
        values = list({repr(member[name]): member[name] for member in members}.values())
        if len(values) > 1:
            raise InputError(
                f"{name} must be the same in all conditions, which are trained together: "
                f"{' and '.join(map(str, values[:2]))} are not"
            )


def no_conditions(members: Sequence[Mapping]) -> None:
    """Require that there are no conditions: for programs that train none.

    Raises:
        InputError: naming the first condition.
    """
    for member in members:
        require(member["condition"] == BASE, f"condition {member['condition']}: this experiment has no conditions")


def distinct(member: Mapping, *names: str, digits: int = 4) -> None:
    """Require that the numbers listed by each setting differ in their first digits, by which results are named.

    Raises:
        InputError: naming the setting and the values.
    """
    for name in names:
        shown = [f"{value:.{digits}g}" for value in member[name]]
        require(len(set(shown)) == len(shown), f"{name} = {member[name]} must differ in their first {digits} digits")


def increasing(member: Mapping, *names: str) -> None:
    """Require that the numbers listed by each setting increase.

    Raises:
        InputError: naming the setting and the values.
    """
    for name in names:
        values = member[name]
        require(all(a < b for a, b in itertools.pairwise(values)), f"{name} = {values} must be increasing")


def at_least_one(member: Mapping, *names: str) -> None:
    """Require that the lists are not empty.

    Raises:
        InputError: naming the setting.
    """
    for name in names:
        require(bool(member[name]), f"{name} = [] must have at least one entry")


def by_condition(members: Sequence[Mapping]) -> list[Mapping]:
    """One member of each condition."""
    return list({member["condition"]: member for member in members}.values())


def finite(value: Any, where: str, path: str = "") -> None:
    """Refuse NaN and infinities anywhere in a setting (a schema's range lets NaN pass: it compares with nothing).

    Raises:
        InputError: naming the setting and the value.
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            finite(item, where, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            finite(item, where, path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{where}: {path} = {value} must be a finite number")


def program(slug: str, name: str, members: Sequence[Mapping], where: str) -> None:
    """Run the cross-checks of one program, if its rule set has any.

    Raises:
        InputError: the check's sentence, after `where`.
    """
    if not (ruleset_dir(slug) / "checks.py").exists():
        return
    check = getattr(importlib.import_module(f"{package(slug)}.checks"), name, None)
    if check is None:
        return
    try:
        check(members)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
