# The front door. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
SUITE_PYTHON := $(VENV)/bin/python
SNAKEMAKE := $(SUITE_PYTHON) -m snakemake
export PYTHONPATH := $(CURDIR)/workflow:$(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup reports test check smoke paper new prove bench lint format record unlock lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## make or mend the virtual environment in .venv (make PYTHON=python3.13 setup: by that Python)
	@sh envs/setup.sh "$(PYTHON)" "$(VENV)"

reports: setup ## train, measure, judge and publish the laptop scale, print the verdicts
	$(SUITE_PYTHON) -m verifig prepare --scale laptop
	$(SNAKEMAKE) --logger verifig --config scale=laptop
	$(SUITE_PYTHON) -m verifig verdicts --scale laptop
	$(SUITE_PYTHON) -m verifig publish
	$(SUITE_PYTHON) -m verifig gallery

test: setup ## run the tests, on two cores
	$(SUITE_PYTHON) -m pytest -n 2 --dist loadfile

check: setup ## run the laptop scale and fail when a verdict is not what it should be
	$(SUITE_PYTHON) -m verifig prepare --scale laptop
	$(SNAKEMAKE) --logger verifig --config scale=laptop
	$(SUITE_PYTHON) -m verifig check --scale laptop

smoke: setup ## run the smoke scale, seconds of training
	$(SUITE_PYTHON) -m verifig prepare --scale smoke
	$(SNAKEMAKE) --logger verifig --config scale=smoke
	$(SUITE_PYTHON) -m verifig check --scale smoke

paper: setup ## train the paper scale in slices: make paper papers="prieto2025 wu2023" minutes=9
	$(SUITE_PYTHON) -m verifig paper $(papers) $(if $(minutes),--minutes $(minutes))

new: setup ## start a paper from the template: make new paper=<theme>/<paper>
	$(SUITE_PYTHON) -m verifig new "$(paper)"

prove: setup ## run the long proofs and write reports/trust.md (only=<name>: one of tests/prove; cases=<word>: some of it)
	$(SUITE_PYTHON) -m verifig prepare --scale laptop
	$(SNAKEMAKE) --logger verifig --config scale=laptop device=cpu
	$(SUITE_PYTHON) -m pytest -v -m slow tests/prove$(if $(only),/test_$(only).py) $(if $(cases),-k "$(cases)")

bench: setup ## measure speed and memory as ratios within one run, write reports/benchmarks.md
	$(SUITE_PYTHON) -m verifig bench

lint: setup ## ruff, snakefmt, snakemake --lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow/rules replications tests/module_example
	$(SNAKEMAKE) --lint

format: setup ## format Python and Snakemake files
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/snakefmt Snakefile workflow/rules replications tests/module_example

record: setup ## record the laptop verdicts in replications/*/*/recorded/
	$(SUITE_PYTHON) -m verifig record --scale laptop

unlock: setup ## remove the lock that a killed run left behind
	$(SNAKEMAKE) --unlock

lock: ## resolve envs/requirements.in into envs/requirements.lock
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet -r envs/requirements.in
	(head -1 envs/requirements.lock; .venv-lock/bin/pip freeze --all | grep -v '^pip==' | sed 's/+cpu//') > envs/requirements.lock.new
	mv envs/requirements.lock.new envs/requirements.lock && rm -rf .venv-lock
	sed -i '/^      - ./d' envs/environment.yaml && sed -n 's/^[A-Za-z0-9].*==.*/      - &/p' envs/requirements.lock >> envs/environment.yaml

clean: ## remove results, logs and Snakemake's records (not .venv, data or reports)
	rm -rf results logs .snakemake
