"""Mutants: one small change in a source file (operators of cosmic-ray), and whether the tests notice it."""

import ast
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conftest import environment
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

# changes that leave a program running and its numbers plausible; a bit shift in place of a sum is noticed by any test
OPERATORS = (
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("LtE_GtE", "GtE_LtE", "Eq_NotEq", "NotEq_Eq", "IsNot_Is", "Is_IsNot")),
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("NumberReplacer", "ZeroIterationForLoop", "ReplaceUnaryOperator_Delete_USub"),
)  # fmt: skip
NUMBER = re.compile(r":\d+:")  # of a line, after the name of a file
NOT_COLLECTED = 4  # pytest's exit code where a test is not found, as where its file cannot be imported


@dataclass(frozen=True)
class Mutant:
    """`operator` applied to its `occurrence`-th place in a file."""

    file: str
    line: int
    operator: str
    occurrence: int

    def apply(self, code: str) -> str:
        return mutate_code(code, plugins.get_operator(f"core/{self.operator}")(), self.occurrence)

    def shown(self, code: str) -> str:
        """File, line, and the line before and after: `stats.py:12: a + b -> a - b`."""
        before, after = code.splitlines(), self.apply(code).splitlines()
        place = next(
            (k for k, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), self.line - 1
        )
        return f"{self.file}:{place + 1}: {before[place].strip()} -> {after[place].strip()} ({self.operator})"

    def change(self, code: str) -> str:
        """`shown` without the number of the line, which moves when others are edited."""
        return NUMBER.sub(":", self.shown(code), count=1)


def mutants(name: str, code: str) -> Iterator[Mutant]:
    """All mutants of a file, but those in annotations, messages and at the top of the module (imports, names)."""
    silent = _silent(ast.parse(code))
    nodes = list(ast_nodes(get_ast(code)))
    for operator in OPERATORS:
        places = [
            place for node in nodes for place in plugins.get_operator(f"core/{operator}")().mutation_positions(node)
        ]
        for occurrence, (start, _) in enumerate(places):
            if not any(first <= start <= last for first, last in silent):
                yield Mutant(name, start[0], operator, occurrence)


def _silent(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Spans whose change changes no number: annotations, raised sentences, text put together."""
    nodes: list[ast.AST] = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            nodes.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            nodes += [node.returns, *node.decorator_list]
        elif isinstance(node, ast.Raise | ast.JoinedStr):
            nodes.append(node)
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in nodes if n is not None]


def sample(files: Sequence[tuple[str, str]], count: int, seed: int) -> list[Mutant]:
    """A fixed choice of the mutants of some (name, code); the same for the same code."""
    found = [mutant for name, code in files for mutant in mutants(name, code)]
    return random.Random(seed).sample(found, min(count, len(found)))


class Copy:
    """A copy of the suite, and a process that runs its tests (see `worker`)."""

    def __init__(self, folder: Path):
        self.folder, self.log = folder, folder.parent / "log"
        env = environment(folder) | {"OMP_NUM_THREADS": "1"}
        if mirror := os.environ.get("VERIFIG_DATA_MIRROR"):
            env["VERIFIG_DATA_MIRROR"] = mirror
        command = [sys.executable, "-P", str(Path(__file__).with_name("worker.py"))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.worker = subprocess.Popen(command, cwd=folder, env=env, **pipes)

    def run(self, tests: Sequence[str], limit: float | None = None, **traced) -> int:
        """pytest's exit code for some tests; below 0 if they do not end within a time, or crash."""
        arguments = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
        run = {"arguments": arguments, "limit": limit, "log": str(self.log), "traced": None, "watched": []} | traced
        print(json.dumps(run), file=self.worker.stdin, flush=True)
        return int(self.worker.stdout.readline())

    def traced(self, tests: Sequence[str], watched: Sequence[str]) -> dict[str, dict]:
        """For every test its seconds and the lines of some files that it runs; the tests must pass."""
        target = self.folder.parent / "traced.json"
        assert self.run(tests, traced=str(target), watched=list(watched)) == 0, self.log.read_text()[-2000:]
        return json.loads(target.read_text())

    def passes(self, tests: Sequence[str], limit: float) -> bool:
        code = self.run(tests, limit)
        assert code in (0, 1, 2) or code < 0, self.log.read_text()[-2000:]
        return code == 0

    def close(self) -> None:
        self.worker.stdin.close()
        self.worker.wait()


def caught(copy: Copy, mutant: Mutant, tests: Sequence[str], traced: dict[str, dict], limit: float) -> bool:
    """Whether some tests fail, or do not end, with a mutant in a copy of the suite; the copy is left as it was.

    Those that run the changed line go first, the fastest before others; only if they pass, all are run: what a test
    caches for others is not traced to these.
    """
    path = copy.folder / mutant.file
    code = path.read_text(encoding="utf-8")
    path.write_text(mutant.apply(code), encoding="utf-8")
    try:
        chosen = concerned(mutant, traced)
        if chosen and copy.run(chosen, limit) not in (0, NOT_COLLECTED):
            return True
        return not copy.passes(tests, limit)
    finally:
        path.write_text(code, encoding="utf-8")


def concerned(mutant: Mutant, traced: dict[str, dict]) -> list[str]:
    """Tests that run the line of a mutant, the fastest first."""
    found = [name for name, test in traced.items() if mutant.line in test["lines"].get(mutant.file, ())]
    return sorted(found, key=lambda name: traced[name]["seconds"])


def in_parallel(copies: Sequence[Copy], work: Sequence, run: Callable) -> list:
    """`run(copy, item)` for every item, each copy busy with one at a time; results in the order of `work`."""
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    free: SimpleQueue = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def one(item):
        copy = free.get()
        try:
            return run(copy, item)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(pool.map(one, work))
