"""Commands as forks of one interpreter that has loaded the packages of others: a start then takes a tenth of a second, not two.

What is loaded beforehand is third-party alone: each command imports the suite anew, from the folder that it is given.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LOADED = ("torch", "scipy.stats", "pyarrow.parquet", "matplotlib.pyplot", "jsonschema", "jupytext", "snakemake.cli")
# what must be said before numpy and matplotlib are loaded, as `python -m verifig` does
EARLY = {"MPLBACKEND": "svg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SERVER = """
import atexit, gc, importlib, json, os, runpy, sys
for name in json.loads(sys.argv[1]): importlib.import_module(name)
own = list(sys.path)
gc.freeze()
for line in iter(sys.stdin.readline, ""):
    child = os.fork()
    if not child: break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    os._exit(0)
asked = json.loads(line)
for descriptor, name in enumerate((os.devnull, asked["out"], asked["err"])): os.dup2(os.open(name, os.O_RDWR), descriptor)
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["environment"])
sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in os.environ
sys.path[:] = [os.getcwd(), *os.environ["PYTHONPATH"].split(os.pathsep), *own[1:]]
sys.argv[:] = asked["line"]
code = 0
try:
    if sys.argv[0] == "-c":
        exec(compile(sys.argv.pop(1), "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else int(end.code is not None)
    if not isinstance(end.code, int | None): print(end.code, file=sys.stderr)
except BaseException:
    sys.excepthook(*sys.exc_info())
    code = 1
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # without taking apart what has been loaded, which would take longer than most commands
"""
ONE_AT_A_TIME = threading.Lock()


@functools.cache
def _server() -> subprocess.Popen:
    """The interpreter that is forked; it ends with this process, whose end closes its input."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | EARLY
    line = [sys.executable, "-c", SERVER, json.dumps(LOADED)]
    return subprocess.Popen(line, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run(folder: Path, line: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess:
    """`python -m <line>` in a folder, or `python <line>` where it begins with `-c`; output as text."""
    with ONE_AT_A_TIME, tempfile.TemporaryDirectory() as place:
        out, err = (Path(place) / name for name in ("out", "err"))
        out.touch()
        err.touch()
        asked = {
            "folder": str(folder),
            "line": list(line),
            "environment": dict(environment),
            "out": str(out),
            "err": str(err),
        }
        server = _server()
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(line, code, out.read_text(), err.read_text())
