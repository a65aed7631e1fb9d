#!/bin/sh
# Make the virtual environment from the lock, or mend it: setup.sh PYTHON VENV. Nothing to do, nothing said.
set -eu
python=$1 venv=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
lock=$here/envs/requirements.lock

if [ -f "$venv/ready" ] && [ ! "$lock" -nt "$venv/ready" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi
command -v "$python" >/dev/null 2>&1 || { echo "error: $python is not there: make PYTHON=<a Python from 3.11 on>" >&2; exit 2; }
"$python" - <<'PY' || exit 2
import sys
if sys.version_info < (3, 11):
    sys.stderr.write("error: %s is Python %s, 3.11 or newer is needed: make PYTHON=<such a Python>\n" % (sys.executable, sys.version.split()[0]))
    sys.exit(2)
PY
"$python" -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $python lacks the module venv (Debian, Ubuntu: apt install python3-venv)" >&2; exit 2; }
version() { "$1" -c 'import sys; print(sys.version_info[:2], sys.base_prefix)' 2>/dev/null || echo none; }
if [ -d "$venv" ] && [ "$(version "$venv/bin/python")" != "$(version "$python")" ]; then
    echo "making $venv anew: it was made by another Python"
    rm -rf "$venv"
fi
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$lock"
# relative to the file, so that a checkout can move
"$venv/bin/python" - "$here" <<'PY'
import os, sys, sysconfig
site = sysconfig.get_path("purelib")
with open(os.path.join(site, "verifig.pth"), "w") as stream:
    stream.writelines(os.path.relpath(os.path.join(sys.argv[1], part), site) + "\n" for part in ("workflow", ""))
PY
touch "$venv/ready"
