# Two commands matter: `make run` and `make test`. Both start from a clean clone on a machine with Python 3.11 or later.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Browser stories wait a good part of their time: a third worker fills it on two cores.
WORKERS ?= 3

# Files whose SQL is put together from names of our own schema, never from what people send (bandit's B608).
comma := ,
SQL_OF_OURS := data/warehouse,data/delivery/parquet_file.py
BANDIT_SKIPS := B101,B404,B603,B606
PIP_AUDIT := 2.10.1

.PHONY: help run audit test check format bench bench-small docs screenshots tests coverage lock hooks

help:
	@echo "make run          serve the application; HOST and PORT choose where (127.0.0.1:8050)"
	@echo "make test         everything that must hold: checks, then all tests"
	@echo "make check        ruff, mypy, import rules and bandit only"
	@echo "make audit        known weaknesses of the packages, where the advisory service answers"
	@echo "make format       let ruff put the code into shape"
	@echo "make screenshots  take the pictures in docs/images anew"
	@echo "make coverage     which lines and branches the tests reach, without those in a browser"
	@echo "make lock         write the locks anew, after a pin in requirements*.txt was changed"
	@echo "make hooks        let git run the checks before each commit"
	@echo "make bench        the engine's goals beside this machine's figures; BENCH_CLIENTS=100000"
	@echo "make bench-small  the ratios on little data, in less than a minute"
	@echo "make docs         write the tables in docs/ anew from the catalog and the settings"

# ---------------------------------------------------------------- environment: installed only when its list has changed
$(VENV)/run.stamp: requirements.lock
	@.ci/environment $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements.lock requirements-dev.lock
	@.ci/environment $(PYTHON) $(VENV) requirements-dev.lock
	@touch $(VENV)/run.stamp $@

# ---------------------------------------------------------------- what people run
run: $(VENV)/run.stamp
	@$(BIN)/flask demo --if-empty
	@exec $(BIN)/python -m gunicorn 'app:create_server()'

check: $(VENV)/dev.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit -q -r app.py gunicorn.conf.py callbacks charts data layouts -c pyproject.toml -x $(SQL_OF_OURS)
	@$(BIN)/bandit -q -r $(subst $(comma), ,$(SQL_OF_OURS)) -c pyproject.toml -s $(BANDIT_SKIPS),B608

# Known weaknesses of the packages, from the advisory service of the package index. The tool has an environment of its own.
audit: $(VENV)/dev.stamp
	@[ -x $(VENV)/audit/bin/pip-audit ] || { $(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install -q pip-audit==$(PIP_AUDIT); }
	@if told=$$($(VENV)/audit/bin/pip-audit --progress-spinner off --disable-pip --no-deps -r requirements.lock --timeout 15 2>&1); then \
		echo "$$told"; \
		if grep -q "could not be audited" <<< "$$told"; then \
			echo "The advisory service does not know, or does not answer about, $$(grep -c 'could not be audited' <<< "$$told") of the packages: these were not audited."; \
		fi; \
	elif grep -qiE "ConnectionError|refused|Max retries|not known|resolve|timed out|Proxy|HTTPError|ServiceError" <<< "$$told"; then \
		echo "The advisory service does not answer from here: nothing was audited. Run make audit where it does."; \
	else echo "$$told"; exit 1; fi

# Compiled tests are kept for the next run, whatever the machine's habit. Every worker begins with a part of the tests
# and takes over some of another's when it has no more: none of them idles while another has a long file to finish.
tests: $(VENV)/dev.stamp
	@CHROMIUM="$$(.ci/browser)"; export CHROMIUM; \
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# The tests run even when a check has failed, so that one run tells everything.
test: $(VENV)/dev.stamp
	@failed=0; \
	$(MAKE) --no-print-directory check || failed=1; \
	$(MAKE) --no-print-directory tests || failed=1; \
	exit $$failed

format: $(VENV)/dev.stamp
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Not part of `make test`: tracing takes half as long again on Python 3.11, whose interpreter has no cheaper way.
coverage: $(VENV)/dev.stamp
	@$(BIN)/coverage run -m pytest -q -p no:cacheprovider --ignore tests/browser
	@$(BIN)/coverage report --skip-covered

# Exact versions of everything, with the hashes of their files, for every platform and Python that the README names.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
lock:
	@$(LOCK) requirements.txt --output-file requirements.lock
	@$(LOCK) requirements-dev.txt --output-file requirements-dev.lock

hooks: $(VENV)/dev.stamp
	@$(BIN)/pre-commit install

# BENCH_CLIENTS says how large; the small one is for continuous integration and fails on a ratio, never on a time.
bench: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks engine

bench-small: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks engine_small

docs: $(VENV)/dev.stamp
	@$(BIN)/python -m docs.tables

screenshots: $(VENV)/dev.stamp
	@CHROMIUM="$$(.ci/browser)"; export CHROMIUM; $(BIN)/python -m docs.screenshots
