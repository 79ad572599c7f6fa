# The one entry for people, hooks and CI. Every target sets up what it needs and is quick when it
# is already there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ASSETS := serving/riskstrat_serving/static/vendor/.ready
CHROMIUM ?= /usr/bin/chromium
WORKERS ?= 2

.PHONY: help setup demo test accept check fix bench docs lock clean

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: $(READY) $(ASSETS)  ## virtual environment with the locked dependencies, page assets

$(READY): requirements.lock pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(ASSETS): serving/package.json serving/package-lock.json serving/fetch_assets.py | $(READY)
	$(BIN)/python serving/fetch_assets.py
	touch $@

demo: setup  ## the whole path on a simulated district, ends at the running review pages
	$(BIN)/riskstrat demo

test: setup browser java  ## every test, in WORKERS processes, with branch coverage
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term:skip-covered

.PHONY: browser
browser:
	@test -x $(CHROMIUM) || (apt-get update -qq && apt-get install -y -qq chromium)

.PHONY: java
java:
	@command -v java >/dev/null || (apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless)

accept: setup  ## what is too large for 'make test'; writes benchmarks/results
	$(BIN)/python -m benchmarks.accuracy --json benchmarks/results/accuracy.json
	$(BIN)/python -m benchmarks.district --people 200000 --json benchmarks/results/district.json
	$(BIN)/python -m benchmarks.link --people 200000 --json benchmarks/results/link.json
	$(BIN)/python -m benchmarks.features --people 200000 --json benchmarks/results/features.json
	$(BIN)/python -m benchmarks.indices --sets 1000000 --json benchmarks/results/indices.json
	$(BIN)/python -m benchmarks.train --rows 1000000 --trees 20 --rounds 1 --json benchmarks/results/train.json
	$(BIN)/python -m benchmarks.bootstrap --json benchmarks/results/bootstrap.json
	$(BIN)/python -m benchmarks.achievable --json benchmarks/results/achievable.json
	$(BIN)/python -m benchmarks.explain --json benchmarks/results/explain.json
	$(BIN)/python -m benchmarks.explain --model large --rows 50000 --json benchmarks/results/explain_large.json
	$(BIN)/python -m benchmarks.monthly_run --json benchmarks/results/monthly_run.json
	$(BIN)/python -m benchmarks.reason_stability --json benchmarks/results/reason_stability.json

check: $(READY)  ## formatting, lint, types, layers, spelling of the lock
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY)  ## what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup java  ## measurements side by side with peers
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.bootstrap
	$(BIN)/python -m benchmarks.simulate
	$(BIN)/python -m benchmarks.features
	$(BIN)/python -m benchmarks.explain
	$(BIN)/python -m benchmarks.spark

docs: $(READY)  ## reference pages made from the code
	$(BIN)/python -m docs.build

lock: $(READY)  ## exact versions with hashes
	$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --extra dev -o requirements.lock

clean:
	rm -rf $(VENV) serving/node_modules serving/riskstrat_serving/static/vendor demo
