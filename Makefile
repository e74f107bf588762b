# Everything a person or CI runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# Without compiled modules, collecting the tests and starting each process takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

IS_311 := import sys; sys.exit(sys.version_info[:2] != (3, 11))
# The first that runs and is 3.11: a name on the PATH may be a shim of a version manager.
PYTHON ?= $(shell for name in python3.11 python3; do \
	$$name -c '$(IS_311)' 2>/dev/null && { command -v $$name; break; }; done)
UV := uv==0.13.9
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
PACKAGES := agent connectors grafana ingest_api streams tenants local
SOURCES := $(PACKAGES) tests bench
UNMARKED := "not integration and not system and not real"

define CHECK_PYTHON
test -n "$(PYTHON)" && "$(PYTHON)" -c '$(IS_311)' || { echo "Python 3.11 is needed, and \
	$(if $(PYTHON),$(PYTHON) is not it,none was found). Install it, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
endef

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-fast test-scenarios test-integration test-system chaos bench check format \
	boards collector compiled contract schema lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Start the whole pipeline here, with a simulated call centre and a live wallboard
	@$(BIN)/python -m local demo $(ARGS)

# Integration and system tests wait for processes half of the time: three at once keep two cores busy.
test: test-fast test-scenarios test-integration test-system ## All tests, the quick ones first; ends at the first set that fails

test-fast: $(READY) ## Units, contract and architecture: no process, no network, in seconds
	$(PYTEST) -n 2 --dist worksteal -m $(UNMARKED) tests/unit tests/contract tests/architecture

test-scenarios: $(READY) ## Recorded and generated call stories through the fold
	$(PYTEST) -n 2 -m $(UNMARKED) --hypothesis-profile thorough tests/scenarios tests/property

test-integration: $(READY) ## Embedded broker and engine; real ones by CLICKHOUSE_URL, KAFKA_BOOTSTRAP or Docker
	$(PYTEST) -n 3 --dist loadfile -m "integration or real"

test-system: $(READY) ## The whole stack in its real processes
	$(PYTEST) -n 3 --dist loadfile -m system tests/system

chaos: $(READY) ## A shift whose parts are killed again and again, against one without faults (ARGS="--seed 7")
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: $(READY) ## What the parts carry, each figure beside a baseline of the same run (ARGS="--json FILE")
	@$(BIN)/python -m bench $(ARGS)

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

compiled: $(READY) ## The rules as machine code in build/compiled, and their tests on it (needs gcc)
	$(BIN)/python -m local.compiled
	cd build/compiled && ../../$(PYTEST) -q -n 2 -m $(UNMARKED) tests/scenarios tests/property tests/unit/streams

contract: $(READY) ## Regenerate the JSON schema of the wire form
	$(BIN)/python -m ingest_api.contract

schema: $(READY) ## Regenerate clickhouse/schema/current.sql from the migrations
	$(BIN)/python -m local.clickhouse.current_schema

boards: $(READY) ## Regenerate the boards and the provisioning files of Grafana
	$(BIN)/python -m grafana
	$(BIN)/python -m grafana.operator_files

lock: build/uv/bin/uv ## Resolve the dependencies anew into requirements.lock, and the servers' part of them
	build/uv/bin/uv pip compile --quiet pyproject.toml --all-extras --python-version 3.11 \
		--no-emit-index-url --generate-hashes --no-header --no-annotate -o requirements.lock
	build/uv/bin/uv pip compile --quiet pyproject.toml --constraint requirements.lock --python-version 3.11 \
		--no-emit-index-url --generate-hashes --no-header --no-annotate -o deploy/requirements.lock

# Apart from the locked environment, which holds what the lock names and nothing else.
build/uv/bin/uv: Makefile
	@$(CHECK_PYTHON)
	$(PYTHON) -m venv --clear build/uv
	build/uv/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	@touch $@

clean: ## Remove what was built and what the demo left behind (not the virtual environment)
	rm -rf build dist var .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -exec rm -rf {} +

$(READY): requirements.lock
	@$(CHECK_PYTHON)
	@echo "Setting up $(VENV) with the locked packages (downloaded once) …"
	@$(BIN)/python -c 'import pip; $(IS_311)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock \
		| awk '/^Collecting/ {n++; printf "  %3d  %s\n", n, $$2} /^(Installing|Success)/ {print substr($$0, 1, 80) " …"} {fflush()}'
	@touch $@
