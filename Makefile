# The front door. `make help` lists the targets.
PYTHON := .venv/bin/python
SNAKEMAKE := $(PYTHON) -m snakemake
export PYTHONPATH := $(CURDIR)/workflow:$(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup reports test check smoke new prove bench lint format record unlock lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/ready ## make the virtual environment in .venv from envs/requirements.lock

.venv/ready: envs/requirements.lock
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.lock
	printf '%s\n%s\n' "$(CURDIR)/workflow" "$(CURDIR)" > "$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/verifig.pth"
	touch $@

reports: .venv/ready ## train, measure, judge and publish the laptop scale, print the verdicts
	$(PYTHON) -m verifig prepare --scale laptop
	$(SNAKEMAKE) --logger verifig --config scale=laptop
	$(PYTHON) -m verifig verdicts --scale laptop
	$(PYTHON) -m verifig publish

test: .venv/ready ## run the tests
	$(PYTHON) -m pytest

check: .venv/ready ## run the laptop scale and fail when a verdict is not what it should be
	$(PYTHON) -m verifig prepare --scale laptop
	$(SNAKEMAKE) --logger verifig --config scale=laptop
	$(PYTHON) -m verifig check --scale laptop

smoke: .venv/ready ## run the smoke scale, seconds of training
	$(PYTHON) -m verifig prepare --scale smoke
	$(SNAKEMAKE) --logger verifig --config scale=smoke
	$(PYTHON) -m verifig check --scale smoke

new: .venv/ready ## start a rule set from the template: make new paper=<slug>
	$(PYTHON) -m verifig new "$(paper)"

prove: .venv/ready ## run the long proofs and write reports/trust.md (only=<name>: one of tests/prove)
	$(PYTHON) -m verifig prepare --scale laptop
	$(SNAKEMAKE) --logger verifig --config scale=laptop device=cpu
	$(PYTHON) -m pytest -v -m slow tests/prove$(if $(only),/test_$(only).py)

bench: .venv/ready ## measure speed and memory as ratios within one run, write reports/benchmarks.md
	$(PYTHON) -m verifig bench

lint: .venv/ready ## ruff, snakefmt, snakemake --lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile workflow/rules replications
	$(SNAKEMAKE) --lint

format: .venv/ready ## format Python and Snakemake files
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/snakefmt Snakefile workflow/rules replications

record: .venv/ready ## record the laptop verdicts in replications/*/recorded/
	$(PYTHON) -m verifig record --scale laptop

unlock: .venv/ready ## remove the lock that a killed run left behind
	$(SNAKEMAKE) --unlock

lock: ## resolve envs/requirements.in into envs/requirements.lock
	python3 -m venv .venv-lock && .venv-lock/bin/pip install --quiet -r envs/requirements.in
	(head -1 envs/requirements.lock; .venv-lock/bin/pip freeze --all | grep -v '^pip==' | sed 's/+cpu//') > envs/requirements.lock.new
	mv envs/requirements.lock.new envs/requirements.lock && rm -rf .venv-lock

clean: ## remove results, logs and Snakemake's records (not .venv, data or reports)
	rm -rf results logs .snakemake
