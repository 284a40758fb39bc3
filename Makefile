# make demo: the main job on the sample data.   make test: every check that CI runs.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
READY := .venv/.ready
DEMO := reports/demo

.PHONY: demo test lint check wheel bench mutants lock format clean
.DEFAULT_GOAL := demo

demo: $(READY)
	$(BIN)/coverage-analyzer run data/customer_sites.csv --centers data/service_centers.csv \
		--as-of 2026-12-01 -o $(DEMO)
	@echo
	@echo "The run's folder is $(DEMO):"
	@ls $(DEMO)
	@echo "Why one site gets its level:"
	@echo "  $(BIN)/coverage-analyzer explain 47.6145 7.6645 --country DE --centers data/service_centers.csv"

test: lint check wheel

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: $(READY)
	$(BIN)/pytest -n auto

# What a user gets: the built wheel, in an environment of its own, with its resources inside.
wheel: $(READY)
	rm -rf build/wheel && mkdir -p build/wheel
	$(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python -o build/wheel
	$(UV) venv --quiet build/wheel/env --python $(BIN)/python
	$(UV) pip install --quiet --python build/wheel/env/bin/python -c requirements.lock build/wheel/*.whl
	cd build/wheel && env/bin/coverage-analyzer --version && env/bin/coverage-analyzer run \
		../../data/customer_sites.csv --centers ../../data/service_centers.csv -o report

bench: $(READY)
	$(BIN)/python benchmarks/assess.py
	$(BIN)/python benchmarks/areas.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/map.py

# One wrong line at a time: the tests must see each (about 5 minutes).
mutants: $(READY)
	$(BIN)/python tests/mutants.py

lock: $(READY)
	$(UV) pip compile pyproject.toml --quiet --universal --all-extras --group dev \
		--python-version 3.11 --generate-hashes --no-emit-index-url -o requirements.lock

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist reports

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(UV) || $(BIN)/python -m pip install --quiet "$$(grep -o "^uv==[0-9.]*" requirements.lock)"
	$(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .
	touch $(READY)
