# `make` alone prints the menu. Everything lands in .venv/, .dunning/ and out/; nothing else on the machine is touched, but
# for Chromium and LibreOffice Calc, which `make test` installs from Debian where they are missing and root runs it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# What may be set on the command line: make run LEDGER=/path/to/extract AS_OF=2026-11-22
ifndef LEDGER
LEDGER := $(value DUNNING_LEDGER)
endif
AS_OF ?=
OUT ?=
SHARDS ?=
MAPPING ?=
POLICY ?=
BILLING_SQL ?=
ACCOUNTS ?= 5000
SEED ?= 1
BENCH_ACCOUNTS ?= 200000
PORT ?= 8080
WORKERS ?= 3
PYTHON ?=
DUNNING_HOME ?= .dunning

# What is typed goes to commands through their environment, to be quoted by the shell: no quote, space or $ in a value
# is ever read as anything but itself.
TYPED := LEDGER AS_OF OUT SHARDS MAPPING POLICY BILLING_SQL FILE ACCOUNTS SEED BENCH_ACCOUNTS PORT WORKERS PYTHON JSON FLAME DUNNING_HOME
$(foreach name,$(TYPED),$(eval override $(name) := $$(value $(name))))
export $(TYPED)
export PYTHONUNBUFFERED := 1
export PYTHONUTF8 := 1
BIN := .venv/bin

.PHONY: help run test check bench ui fab backup restore clean lock setup setup-tests setup-programs setup-fab

help:
	@echo 'make run     set everything up, run the nights' and the notices' DAGs: a sample ledger, or LEDGER=DIR [AS_OF=YYYY-MM-DD]'
	@echo '             [OUT=out] [SHARDS=N] [MAPPING=FILE.toml] [POLICY=DIR] [BILLING_SQL=DIR] [ACCOUNTS=5000] [SEED=1]'
	@echo 'make test    set up what the tests need and run all of them'
	@echo 'make check   ruff, mypy and the import floors'
	@echo 'make bench   every phase beside a yardstick, every goal judged [BENCH_ACCOUNTS=200000] [JSON=FILE]'
	@echo '             [FLAME=FILE.svg] [ARGS="--scale --airflow"]'
	@echo 'make ui      the Airflow pages on localhost [PORT=8080]; Ctrl-C ends them'
	@echo 'make fab     real users in place of the invented ones: installs and chooses Airflow'"'"'s FAB auth manager (docs/access.md)'
	@echo 'make backup  save the database to FILE=…; make restore puts it back'
	@echo 'make lock    write requirements.txt anew from requirements.in, and those of tests/ and deploy/fab/'
	@echo 'make clean   stop the embedded PostgreSQL and remove .venv, .dunning and build products (not out/, no other home)'
	@echo 'PYTHON=/path/to/python chooses the Python (3.11, 3.12 or 3.13) of a first setup.'

# --- setup: a stamp is newer than everything that it was made from -------------------------------------------------

# Packages are not compiled as they are installed: Python compiles the few that a run imports, at their first import.

.venv/bin/python:
	@python=''; \
	for candidate in $(if $(PYTHON),"$$PYTHON",python3.13 python3.12 python3.11 python3 python); do \
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
	        python="$$candidate"; break; \
	    fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 was found$${PYTHON:+ at $$PYTHON}. Install one, or name it: make run PYTHON=/path/to/python3.13" >&2; \
	    exit 1; \
	fi; \
	echo "Making .venv with $$("$$python" --version)"; \
	"$$python" -m venv --clear .venv || { \
	    rm -rf .venv; echo 'The virtual environment could not be made; on Debian and Ubuntu install python3-venv.' >&2; exit 1; }

.venv/.installed: requirements.txt pyproject.toml | .venv/bin/python
	@echo 'Installing the pinned packages of requirements.txt (about a minute)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps -e .
	@touch $@

.venv/.installed-tests: tests/requirements.txt .venv/.installed
	@echo 'Installing the pinned packages of tests/requirements.txt'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r tests/requirements.txt
	@touch $@

.venv/.installed-fab: deploy/fab/requirements.txt .venv/.installed
	@echo 'Installing the pinned packages of deploy/fab/requirements.txt'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r deploy/fab/requirements.txt
	@touch $@

setup: .venv/.installed
setup-tests: .venv/.installed-tests
setup-fab: .venv/.installed-fab

# What tests need of Debian: a browser for the pages, a spreadsheet for the workbooks. Without them these tests skip; under CI
# they fail.
setup-programs:
	@missing=''; \
	{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || missing='chromium'; \
	command -v soffice >/dev/null || missing="$$missing libreoffice-calc"; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "Installing for the tests: $$missing"; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; } \
	        >/dev/null || echo 'Could not be installed; the tests that need it will not run.' >&2; \
	fi

# Not a file of make's: a home's path may have spaces.
.PHONY: sample
sample: .venv/.installed
	@$(BIN)/python deploy/sample_nights.py --accounts "$$ACCOUNTS" --seed "$$SEED"

# A home serves one supplier: what the sample was sent must not become the history of a real ledger.
.PHONY: own-home
own-home:
	@if ls "$$DUNNING_HOME"/sample-*.made >/dev/null 2>&1; then \
	    echo "The home $$DUNNING_HOME holds the history of the sample ledger, and a home serves one supplier." >&2; \
	    echo 'Give your ledger its own: export DUNNING_HOME=/path/to/a/new/folder, then the same command again.' >&2; \
	    exit 2; \
	fi

# The operator's settings may name the ledger, too.
SETTINGS := $(or $(value DUNNING_SETTINGS),$(DUNNING_HOME)/settings.toml)
SETTLED := $(shell grep -s '^[[:space:]]*ledger[[:space:]]*=' '$(subst ','\'',$(SETTINGS))')
LEDGER_READY := $(if $(LEDGER)$(SETTLED),own-home,sample)

# --- what people type ----------------------------------------------------------------------------------------------

run: .venv/.installed $(LEDGER_READY)
	@$(BIN)/python deploy/run_dags.py release monthly_notices $(if $(LEDGER),--ledger "$$LEDGER") $(if $(OUT),--out "$$OUT") \
	    $(if $(AS_OF),--as-of "$$AS_OF") $(if $(SHARDS),--shards "$$SHARDS") \
	    $(if $(MAPPING),--mapping "$$MAPPING") $(if $(POLICY),--policy "$$POLICY") \
	    $(if $(BILLING_SQL),--billing-sql "$$BILLING_SQL")

test:
	@$(MAKE) -j 2 setup-tests setup-programs
	@$(BIN)/python -m pytest -n "$$WORKERS" --dist loadfile --no-loadscope-reorder -m 'not browser' $(ARGS) || [ $$? -eq 5 ]
	@$(BIN)/python -m pytest -m 'browser and not fab' $(or $(ARGS),tests/browser) || [ $$? -eq 5 ]
	@$(MAKE) setup-fab
	@$(BIN)/python -m pytest -m fab $(or $(ARGS),tests/browser) || [ $$? -eq 5 ]

check: .venv/.installed-tests
	@echo 'ruff' && $(BIN)/ruff check . && $(BIN)/ruff format --check -q .
	@echo 'mypy' && $(BIN)/mypy
	@echo 'import floors' && $(BIN)/lint-imports --no-logo

bench: .venv/.installed-tests
	@$(BIN)/python tests/benchmarks/bench.py --accounts "$$BENCH_ACCOUNTS" $(if $(SHARDS),--shards "$$SHARDS") \
	    $(if $(JSON),--json "$$JSON") $(if $(FLAME),--flame "$$FLAME") $(ARGS)

ui: .venv/.installed $(LEDGER_READY)
	@$(if $(LEDGER),DUNNING_LEDGER="$$LEDGER") $(if $(OUT),DUNNING_OUT="$$OUT") $(BIN)/python deploy/airflow_ui.py \
	    --port "$$PORT" $(if $(OUT),--out "$$OUT") $(if $(LEDGER),--ledger "$$LEDGER")

fab: .venv/.installed-fab
	@$(BIN)/python deploy/airflow_home.py --users fab
	@echo 'Users are those of FAB from now on; docs/access.md says how to make them and to give each his role.'

backup: .venv/.installed
	@$(BIN)/python deploy/backup.py save "$$FILE"

restore: .venv/.installed
	@$(BIN)/python deploy/backup.py restore "$$FILE"

# What make made in this checkout; a home elsewhere holds what has left the house, and only its server is stopped.
clean:
	@for home in .dunning "$$DUNNING_HOME"; do \
	    [ -d "$$home/pg" ] || continue; \
	    if [ ! -x $(BIN)/dunning ]; then $(MAKE) setup || exit 1; fi; \
	    DUNNING_HOME="$$home" $(BIN)/dunning db stop >/dev/null || exit 1; \
	done
	@rm -rf .venv .dunning build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find dunning dags deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'Clean. The lists in out/ are still there.'
	@if [ -d "$$DUNNING_HOME" ]; then echo "So is the home $$DUNNING_HOME: it is not of this checkout. Its server is stopped."; fi

lock: .venv/.installed-tests
	@for folder in . tests deploy/fab; do \
	    echo "Locking $$folder/requirements.txt"; \
	    $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	        --generate-hashes --no-annotate --no-header \
	        $$folder/requirements.in -o $$folder/requirements.txt || exit 1; \
	done
