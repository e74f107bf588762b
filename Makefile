# Everything a person or CI runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
PACKAGES := agent ingest_api streams local
SOURCES := $(PACKAGES) tests bench

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-integration test-system check format collector contract schema lock bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Start the whole pipeline here, with a simulated call centre and a live wallboard
	@$(BIN)/python -m local demo $(ARGS)

test: test-fast test-integration test-system ## All tests that need nothing but this machine

test-fast: $(READY) ## Tests without processes or network, in seconds
	$(PYTEST) -n 2 -m "not integration and not system and not docker"

test-integration: $(READY) ## Tests against the embedded broker and the ClickHouse engine
	$(PYTEST) -m "integration and not docker"

test-system: $(READY) ## The whole stack in its real processes
	$(PYTEST) -m "system and not docker"

check: $(READY) ## Formatting, lint, types, architecture
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/vermin --quiet --no-tips --target=3.6- --violations agent
	$(BIN)/mypy $(SOURCES)
	$(PYTEST) -q tests/architecture

format: $(READY) ## Format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

collector: $(READY) ## Build dist/collector.pyz, the one file that goes on the PBX
	$(BIN)/python agent/packaging/build.py

contract: $(READY) ## Regenerate the JSON schema of the wire form
	$(BIN)/python -m ingest_api.contract

schema: $(READY) ## Regenerate clickhouse/schema/current.sql from the migrations
	$(BIN)/python -m local.clickhouse.current_schema

lock: $(READY) ## Resolve the dependencies anew into requirements.lock
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --python-version 3.11 \
		--no-emit-index-url --generate-hashes --no-header --no-annotate -o requirements.lock

clean: ## Remove what was built and what the demo left behind (not the virtual environment)
	rm -rf build dist var .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.lock
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed. Name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@echo "Setting up $(VENV) with the locked packages (about 300 MB to download, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock \
		| awk '/^Collecting/ {n++; printf "  %3d  %s\n", n, $$2} /^(Installing|Success)/ {print substr($$0, 1, 80) " …"} {fflush()}'
	@touch $@
