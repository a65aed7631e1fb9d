#!/bin/sh
# What a GPU is good for and whether it computes what the CPU computes, in about nine minutes:
#   OUT=results/gpu sh tests/gpu/run.sh [PYTHON]
# Captured steps against called ones for every program, and rates beside limits (programs.py); smoke scale of all papers;
# laptop scale, to be judged beside the CPU's verdicts; what is left of the time goes to the paper scale.
# It only trains: the packs that it leaves in $OUT are judged by `verifig unpack` where the packages for that are.
# MINUTES=1 DEVICE=cpu PAPERS=wu2023 tries the script without a GPU.
set -u
PAPERS=${PAPERS:-}
python=${1:-python3}
minutes=${MINUTES:-9}
OUT=${OUT:-results/gpu}
mkdir -p "$OUT"
export OUT PYTHONPATH="workflow:.:tests${PYTHONPATH:+:$PYTHONPATH}"
begin=$(date +%s)
if command -v nvidia-cuda-mps-control >/dev/null; then # small programs of several processes run at the same time
    export CUDA_MPS_PIPE_DIRECTORY="$OUT/mps" CUDA_MPS_LOG_DIRECTORY="$OUT/mps"
    mkdir -p "$OUT/mps" && nvidia-cuda-mps-control -d
    trap 'echo quit | nvidia-cuda-mps-control; rm -rf "$OUT/mps"' EXIT
fi
left() { echo $((60 * minutes - ($(date +%s) - begin))); }
papers=${PAPERS:-$(ls -d replications/*/*/paper.yaml | xargs -n1 dirname | xargs -n1 basename)}

{
    "$python" -c 'import sys, torch; print(sys.version.split()[0], torch.__version__, torch.version.cuda, torch.cuda.is_available() and torch.cuda.get_device_name())'
    nproc

    echo "== programs, smoke scale"
    timeout "$((minutes * 12))" "$python" tests/gpu/programs.py smoke "$((minutes))e-1" $PAPERS || echo "ended: $?"
    echo "== programs, paper scale"
    timeout "$((minutes * 15))" "$python" tests/gpu/programs.py paper "$((2 * minutes))e-1" $PAPERS || echo "ended: $?"

    for scale in smoke laptop; do
        echo "== $scale scale, all papers on the GPU ($(left) s left)"
        start=$(date +%s)
        for paper in $papers; do
            (
                first=$(date +%s)
                "$python" -m verifig run "$paper" --scale $scale --device "${DEVICE:-cuda}" --stage train --minutes "$((minutes * 3))e-1" --out "$OUT/results" >"$OUT/$scale-$paper.log" 2>&1
                echo "$paper: exit code $?, $(($(date +%s) - first)) s"
            ) &
        done
        wait
        echo "all: $(($(date +%s) - start)) s"
    done

    echo "== paper scale ($(left) s left)"
    rest=$(left)
    if [ "$rest" -gt 60 ]; then
        "$python" -m verifig paper $PAPERS --device "${DEVICE:-cuda}" --minutes "$((rest / 6))e-1" --stage train --out "$OUT/results"
    fi
    for scale in smoke laptop paper; do
        for paper in $papers; do
            [ -d "$OUT/results/$scale/$paper" ] && "$python" -m verifig pack "$paper" --scale $scale --results "$OUT/results" --file "$OUT/$scale-$paper.zip"
        done
    done
    rm -rf "$OUT/results"
} 2>&1 | tee "$OUT/gpu.log"
