# `make` lists the targets. Everything happens in .venv and in the user's cache folder; `make clean` undoes it.
.DEFAULT_GOAL := help
SHELL := /bin/bash -euo pipefail -c

PYTHON ?= python3
BIN := .venv/bin
CONFIG_DIR ?= examples/quick-start
OUT ?= out
NAMESPACE ?= default
# Python keeps what it compiled, whatever the user's environment says: that halves the time of a start.
COMPILED := env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(CURDIR)/.venv/bytecode
CHART_LINT := tests/chart/test_examples.py tests/chart/test_templates.py tests/chart/test_values.py

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("paichart needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.dev: .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: .venv/.dev ## Install paichart and what its tests need into .venv

build: .venv/.installed ## Build the chart of CONFIG_DIR (examples/quick-start) into OUT (out)
	$(BIN)/paichart build $(CONFIG_DIR) --output-dir $(OUT)

lint: .venv/.dev ## Check code, types, charts and generated files
	$(BIN)/ruff format --check generator tests
	$(BIN)/ruff check generator tests
	$(BIN)/mypy
	$(BIN)/python generator/chart_schemas.py --check
	$(BIN)/python generator/grafana_dashboards.py --check
	$(BIN)/python generator/reference_docs.py --check
	$(BIN)/python generator/problem_docs.py --check
	$(BIN)/pytest -q -n 2 $(CHART_LINT)

quick: .venv/.dev ## Run the quick tests: without lint's, slow ones, other programs and a control plane (under a minute)
	$(COMPILED) $(BIN)/pytest -q -n 2 --hypothesis-profile=quick -m 'not cluster and not programs' $(CHART_LINT:%=--ignore=%)

test: .venv/.dev programs ## Run all tests, also those on a real control plane (builds it once)
	$(BIN)/pytest -n 2 -m 'not cluster'
	$(BIN)/pytest -n 2 --dist loadfile -m cluster

tools: .venv/.dev ## Build helm, kubectl and the control plane into the user's cache folder
	$(BIN)/python -m tests.rig.tools

programs: .venv/.dev ## Fetch the Debian packages of programs that check configuration (nginx, promtool, amtool…)
	@$(BIN)/python tests/rig/debian.py >/dev/null

try: build .venv/.dev ## Install OUT on a local control plane with simulated nodes, and show it
	$(BIN)/python -m tests.rig up --namespace $(NAMESPACE) $(CONFIG_DIR) $(OUT)

try-down: .venv/.dev ## Stop what `make try` started
	$(BIN)/python -m tests.rig down

bench: .venv/.dev ## Measure ratios against bare tools; fails when a limit is missed
	$(BIN)/python -m tests.bench

golden: .venv/.dev ## Write reviewed values and answers anew; read the difference
	PAICHART_WRITE_GOLDEN=1 $(BIN)/pytest -q tests/golden tests/corpus

schemas: .venv/.dev ## Write each chart's values.schema.json anew
	$(BIN)/python generator/chart_schemas.py

dashboards: .venv/.dev ## Write Grafana's dashboards anew
	$(BIN)/python generator/grafana_dashboards.py

reference: .venv/.dev ## Write the reference pages of inputs and problems (docs/) anew
	$(BIN)/python generator/reference_docs.py
	$(BIN)/python generator/problem_docs.py

screenshots: .venv/.dev ## Take the pictures of docs/report.md anew, in headless Chromium
	$(BIN)/python -m tests.page.screenshots

format: .venv/.dev ## Format the code
	$(BIN)/ruff format generator tests
	$(BIN)/ruff check --fix-only --quiet generator tests

clean: ## Remove everything that make made here (not the tools in the user's cache folder)
	rm -rf .venv out .try build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help setup build lint quick test tools programs try try-down bench golden schemas dashboards reference screenshots format clean
