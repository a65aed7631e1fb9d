#!/usr/bin/env bash
# Runs the smoke scale through a real single-node Slurm with profiles/slurm and compares it with a local run:
# exit code 0 if every statistic and verdict is the same. For Debian or Ubuntu, as root, after `make setup`:
#   tests/slurm/run.sh [rule set ...]        # all rule sets if none is named
# Installs slurm-wlm and munge if they are missing; VERIFIG_SLURM_SECONDS is the limit for everything (1800).
set -euo pipefail
if [ -z "${VERIFIG_SLURM_LIMITED:-}" ]; then
    VERIFIG_SLURM_LIMITED=1 exec timeout --kill-after=90 "${VERIFIG_SLURM_SECONDS:-1800}" "$0" "$@"
fi
cd "$(dirname "$0")/../.."
PYTHON=$PWD/.venv/bin/python
CONFIG=/etc/slurm/slurm.conf # the only place where jobs look: the plugin takes SLURM_CONF from their environment
PAPERS=$(IFS=,; echo "$*")
fail() { echo "run.sh: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "must be root, to start Slurm"
[ -x "$PYTHON" ] || fail "run make setup first"
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends slurm-wlm munge
fi
if pgrep -x slurmctld >/dev/null || pgrep -x slurmd >/dev/null; then fail "a Slurm runs here already"; fi

WORK=$(mktemp -d)
daemons=()
main=
ours() { grep -qs '^ClusterName=verifig$' "$CONFIG"; }
stop() {
    code=$?
    trap '' TERM INT
    # Snakemake may have lost sight of a job and would then wait for ever, whatever other signal it gets
    [ -z "$main" ] || kill -KILL "$main" 2>/dev/null || true
    if [ -f "$WORK/slurmd.pid" ]; then # jobs outlive slurmd
        timeout 10 scancel --user=root || true
        for _ in {1..20}; do [ -n "$(timeout 10 squeue --noheader)" ] || break; sleep 1; done
    fi
    [ ${#daemons[@]} = 0 ] || kill "${daemons[@]}" 2>/dev/null || true
    for _ in {1..10}; do [ -n "$(jobs -rp)" ] || break; sleep 1; done
    for pid in $(jobs -rp); do kill -KILL "$pid" || true; done
    if ours; then rm "$CONFIG"; fi
    if [ -f "$CONFIG.before-verifig" ]; then mv "$CONFIG.before-verifig" "$CONFIG"; fi
    if [ $code = 0 ]; then rm -rf "$WORK"; else echo "run.sh: failed ($code), logs are kept in $WORK" >&2; fi
}
trap stop EXIT
trap 'exit 124' TERM INT

# in a folder of their own, not in the suite's environment: each run there would load them
mapfile -t plugins < <(grep -o 'snakemake-executor-plugin-slurm[a-z-]*==[0-9.]*' profiles/slurm/profile.yaml)
"$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --target "$WORK/plugins" "${plugins[@]}"

mkdir -p /etc/slurm "$WORK/state" "$WORK/spool"
if [ -f "$CONFIG" ] && ! ours; then mv "$CONFIG" "$CONFIG.before-verifig"; fi # ours: left behind by a killed run
memory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
sed "s|HOST|$(hostname -s)|; s|CORES|$(nproc)|; s|MEMORY|$memory|; s|WORK|$WORK|" tests/slurm/slurm.conf >"$CONFIG"
# sessions of their own: when time is up, jobs are still to be cancelled
if ! pgrep -x munged >/dev/null; then
    install -d -o munge -g munge /run/munge
    setsid setpriv --reuid=munge --regid=munge --clear-groups munged --foreground &>"$WORK/munged.log" &
    daemons+=($!)
fi
for daemon in slurmctld slurmd; do
    setsid $daemon -D &>/dev/null &
    daemons+=($!)
done
for _ in {1..60}; do
    if sinfo --noheader --format=%T 2>/dev/null | grep -q idle; then break; fi
    sleep 1
done
sinfo

run() { # kind, options of Snakemake: the suite in a copy
    mkdir "$WORK/$1"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$WORK/$1"
    (
        cd "$WORK/$1"
        export PYTHONPATH="$PWD/workflow:$PWD:$WORK/plugins"
        exec "$PYTHON" -m snakemake "${@:2}" --config scale=smoke device=cpu "papers=[$PAPERS]"
    ) &>"$WORK/$1.log" &
    main=$!
    wait $main || fail "the $1 run failed: $(tail -60 "$WORK/$1.log")"
    main=
    echo "$1 run: done $SECONDS s after the start"
}
run local --cores all
# without accounts only squeue knows what became of a job
run slurm --workflow-profile profiles/slurm --default-resources mem_mb=1000 runtime=30 \
    --slurm-status-command squeue --slurm-init-seconds-before-status-checks 10
count=$(grep -c JobState=COMPLETED "$WORK/completed")
echo "$count jobs went through Slurm"

cd "$WORK/local/results/smoke"
for file in */statistics.parquet */verdicts.json; do
    cmp "$file" "$WORK/slurm/results/smoke/$file" || different=1
done
[ -z "${different:-}" ] || fail "Slurm's results differ from the local ones"
echo "statistics and verdicts are the same, byte for byte"
