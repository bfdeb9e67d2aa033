# Two commands are enough: `make run` and `make test`. Both start from nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
INSTALLED_BENCH := $(VENV)/installed-bench
INSTALLED_DEPLOYMENT := $(VENV)/installed-deployment
INSTALLED_BROWSER := $(VENV)/installed-browser
# dbt pins much that Dagster pins otherwise: it lives in an environment of its own.
DBT := .venv-dbt
INSTALLED_DBT := $(DBT)/installed
# A lake needs the last DuckDB whose extensions exist as packages, which is an older one.
LAKE := .venv-lake
INSTALLED_LAKE := $(LAKE)/installed
# What looks for vulnerabilities needs much that nothing else does.
AUDIT := .venv-audit
INSTALLED_AUDIT := $(AUDIT)/installed
# The oldest DuckDB with which readers are supported; what it can open: STORAGE_VERSION in warehouse/connection.py.
OLDEST_DUCKDB := 1.2.0
READER := .venv-reader
INSTALLED_READER := $(READER)/installed

# Tests make thousands of small databases: in memory, where there is plenty, they needn't wait for the disk.
PLENTY_KB := 2000000
IN_MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -k /dev/shm | awk 'NR == 2 { print $$4 }')" -gt $(PLENTY_KB) ] && echo PYTEST_DEBUG_TEMPROOT=/dev/shm)

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-recorded test-dbt test-readers test-lake test-scale test-interrupts test-security test-unattended test-deployment test-browser audit soak ui lint types format bench pictures clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(INSTALLED) ## install, then do the main job once: read GitHub, build, report, publish
	@$(BIN)/roadmap run

test: $(INSTALLED_DEV) ## the test suite, on all cores
	@$(IN_MEMORY) $(BIN)/python -m pytest -n auto --dist loadgroup -m 'not recorded and not slow'

test-slow: $(INSTALLED_DEV) ## tests of whole runs against kills, faults and spent quotas, rows out of sight, and long random histories (eleven minutes)
	@$(IN_MEMORY) $(BIN)/python -m pytest -n auto --dist loadgroup -m 'slow and not recorded'

test-recorded: $(INSTALLED_DEV) ## the tests on recorded payloads and logs beside the project (../shared/data)
	@$(BIN)/python -m pytest -n auto -m recorded
	@ROADMAP_CONTRACT=openapi $(BIN)/python -m pytest -n auto roadmap_pipeline_tests/roadmap_sandbox/github

test-dbt: $(INSTALLED_DEV) $(INSTALLED_DBT) ## dbt on the exported models: the same tables and verdicts (about two minutes)
	@ROADMAP_DBT=$(DBT)/bin/dbt $(BIN)/python -m pytest roadmap_pipeline_tests/dbt_like_sql/runner/dbt_parity.py

test-readers: $(INSTALLED_DEV) $(INSTALLED_READER) ## the oldest supported DuckDB on the readers' snapshot (a minute)
	@ROADMAP_READER=$(READER)/bin/python $(BIN)/python -m pytest roadmap_pipeline_tests/warehouse/oldest_reader.py

test-lake: $(INSTALLED_LAKE) ## a warehouse on PostgreSQL and S3 against one in a file: the main job, all commands, workers side by side (a quarter of an hour)
	@$(IN_MEMORY) $(LAKE)/bin/python -m pytest -s roadmap_pipeline_tests/warehouse/lake/whole_main_job.py roadmap_pipeline_tests/warehouse/lake/whole_lake.py

test-scale: $(INSTALLED_DEV) ## 60,000 runs against faults and kills; every endpoint refused; a spent quota, hour by hour; two-way sync (ten minutes)
	@ROADMAP_SOAK_SEED=$${ROADMAP_SOAK_SEED:-190575,1,2} $(BIN)/python -m pytest -n auto roadmap_pipeline_tests/github/scale.py roadmap_pipeline_tests/github/refusals.py roadmap_pipeline_tests/hours.py roadmap_pipeline_tests/sync/soak.py

test-security: $(INSTALLED_DEV) ## a secret of each kind is planted in whole runs with debug logging, and searched for everywhere (two minutes)
	@$(IN_MEMORY) $(BIN)/python -m pytest -n auto roadmap_pipeline_tests/security/whole_runs.py

test-interrupts: $(INSTALLED_DEV) ## Ctrl+C at twenty random moments of a run, and while a server doesn't answer (eight minutes)
	@$(BIN)/python -m pytest -n auto roadmap_pipeline_tests/interrupts.py

test-unattended: $(INSTALLED_DEV) ## daemon and web server by themselves: a merge arrives everywhere, also while both are killed, for ROADMAP_CHAOS_MINUTES (1; eight minutes in all)
	@$(IN_MEMORY) $(BIN)/python -m pytest -s roadmap_pipeline_tests/unattended.py

test-deployment: $(INSTALLED_DEPLOYMENT) ## deploy/ as it runs in production, without Docker: PostgreSQL, code server, web server, daemon, webhooks (ten minutes)
	@$(BIN)/python -m pytest -s roadmap_pipeline_tests/deploy/whole_deployment.py

test-browser: $(INSTALLED_BROWSER) ## the Dagster UI in headless Chromium, `dagster dev` and `dg dev` (five minutes)
	@command -v chromium > /dev/null && command -v chromedriver > /dev/null || { echo "Chromium and its driver are needed: apt-get install chromium chromium-driver"; exit 1; }
	@$(BIN)/python -m pytest -s roadmap_pipeline_tests/browser.py

soak: $(INSTALLED_DEV) ## people, syncs, faults and kills in any order, for ROADMAP_SOAK_MINUTES (30); prints its seeds; then a kill and another machine at every request (an hour)
	@$(IN_MEMORY) $(BIN)/python -m pytest -q roadmap_pipeline_tests/sync/soak.py
	@$(IN_MEMORY) $(BIN)/python -m pytest -n auto roadmap_pipeline_tests/sync/every_request.py roadmap_pipeline_tests/sync/whole_processes.py

ui: $(INSTALLED) ## the Dagster UI on the instance that `make run` filled
	@$(BIN)/roadmap ui

lint: $(INSTALLED_DEV) ## style, unused code, common mistakes, who may import whom, workflows
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-logo
	@$(BIN)/sqlfluff lint --processes 0 --disable-progress-bar dbt_like_sql/models dbt_like_sql/tests
	@$(BIN)/actionlint -shellcheck $(BIN)/shellcheck .github/workflows/*.yml deploy/github/*.yml
	@$(BIN)/zizmor --offline --quiet --no-progress --config .github/zizmor.yml .github/workflows deploy/github/*.yml action.yml

audit: $(INSTALLED_AUDIT) ## known vulnerabilities of the pinned packages (needs pypi.org; says so without)
	@$(AUDIT)/bin/python .ci/audit.py

format: $(INSTALLED_DEV) ## put every Python file into shape
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(INSTALLED_DEV) ## static types, strict
	@$(BIN)/mypy

bench: $(INSTALLED_BENCH) $(INSTALLED_DBT) $(INSTALLED_LAKE) ## measure, and write benchmarks/RESULTS.md
	@ROADMAP_DBT=$(DBT)/bin/dbt ROADMAP_LAKE=$(LAKE)/bin/python $(BIN)/python benchmarks/run.py

pictures: $(INSTALLED_DEV) ## make the README's pictures from the running UI (needs Chromium)
	@$(BIN)/python docs/make_pictures.py

clean: ## remove what the project made: environment, warehouse, sandbox, caches
	@rm -rf $(VENV) $(DBT) $(LAKE) $(READER) $(AUDIT) data build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one with: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(BIN)/python setup.cfg constraints.txt
	@echo "Installing (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[html]'
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo "Installing what tests and checks need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(INSTALLED_BENCH): $(INSTALLED_DEV)
	@echo "Installing the peers that benchmarks measure against (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $@

$(INSTALLED_DEPLOYMENT): $(INSTALLED_DEV)
	@echo "Installing what a deployment needs (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres]'
	@touch $@

$(INSTALLED_BROWSER): $(INSTALLED_DEV)
	@echo "Installing what drives a browser (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,browser]'
	@touch $@

$(INSTALLED_DBT): constraints-dbt.txt $(BIN)/python
	@echo "Installing dbt into an environment of its own (once) ..."
	@$(PYTHON) -m venv $(DBT)
	@$(DBT)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-dbt.txt dbt-core dbt-duckdb duckdb
	@touch $@

$(INSTALLED_LAKE): setup.cfg constraints-lake.txt $(BIN)/python
	@echo "Installing the project with DuckDB's extensions into an environment of its own (once) ..."
	@$(PYTHON) -m venv $(LAKE)
	@$(LAKE)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lake.txt -e '.[lake-test]'
	@touch $@

$(INSTALLED_READER): Makefile $(BIN)/python
	@echo "Installing DuckDB $(OLDEST_DUCKDB) into an environment of its own (once) ..."
	@$(PYTHON) -m venv $(READER)
	@$(READER)/bin/python -m pip install --quiet --disable-pip-version-check duckdb==$(OLDEST_DUCKDB)
	@touch $@

$(INSTALLED_AUDIT): $(BIN)/python
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.9,<3'
	@touch $@
