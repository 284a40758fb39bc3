# make demo: the main job on the sample data.   make test: every check that CI runs.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
READY := .venv/.ready
LIGHT := .venv/.light
BENCH := .venv-bench
BENCH_READY := $(BENCH)/.ready
DEMO := reports/demo

.PHONY: demo test lint lint-js docs check wheel lowest guard services nightly cluster bench bench-large bench-huge bench-parts profile fuzz fuzz-clocks fuzz-siting mutants snapshots matrix lock format clean
.DEFAULT_GOAL := demo

# A first look needs the product and what README.md shows with it: comparing, and Excel. The other
# extras, and what tests need, come with `make test`.
demo: $(if $(wildcard $(READY)),$(READY),$(LIGHT))
	$(BIN)/coverage-analyzer run data/customer_sites.csv --centers data/service_centers.csv \
		--as-of 2026-12-01 -o $(DEMO)
	@echo
	@echo "The run's folder is $(DEMO):"
	@ls $(DEMO)
	@echo "Why one site gets its level:"
	@echo "  $(BIN)/coverage-analyzer explain 47.6145 7.6645 --country DE --centers data/service_centers.csv"

# What uses one core runs in pairs; the tests use all cores; the guard measures, alone.
PAIRS := --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync)
test: $(READY)
	$(MAKE) $(PAIRS) lowest lint lint-js docs wheel
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory guard

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The scripts of the map's page: eslint, types, and the tests of their modules. Node is needed only
# here; what is fetched by npm has exact versions, and is kept. Without node there is a note.
JS := tools/js
lint-js: $(READY)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory checked-js; \
		else echo "make lint-js: skipped, as node and npm are not installed."; fi

.PHONY: checked-js
checked-js: $(JS)/node_modules/.ready
	$(JS)/node_modules/.bin/eslint -c $(JS)/eslint.config.js coverage_analyzer/maps/assets tests/js
	$(JS)/node_modules/.bin/tsc -p $(JS)/tsconfig.json
	rm -rf build/js && mkdir -p build/js
	cp coverage_analyzer/maps/assets/*.js tests/js/*.js $(JS)/package.json build/js
	$(BIN)/python -c "from coverage_analyzer.maps.page import theme_script; print(theme_script())" \
		> build/js/theme.js
	cd build/js && node --test

$(JS)/node_modules/.ready: $(JS)/package.json
	cd $(JS) && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

# The documentation as a site, in build/docs; a warning is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in build/docs: open build/docs/index.html."
	@echo "With its search: $(BIN)/python -m http.server -d build/docs, then http://localhost:8000."

# One process more than cores; in each, whole files, and all tests of Spark in one: a session takes
# long to start. Temporary files are in memory where there is enough: a run waits for its disk often.
FREE_KB = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print $$4}')
check: $(READY)
	@folder=$$(mktemp -d $(if $(FREE_KB),-p /dev/shm)) && chmod 711 $$folder && trap "rm -rf $$folder" EXIT && \
		TMPDIR=$$folder $(BIN)/pytest -n auto --dist loadgroup

# What a user gets: the wheel, built from the source archive, in an environment of its own, with its
# resources inside.
wheel: $(READY)
	rm -rf build/wheel && mkdir -p build/wheel
	$(UV) build --quiet --no-build-isolation --python $(BIN)/python -o build/wheel
	$(UV) venv --quiet build/wheel/env --python $(BIN)/python
	$(UV) pip install --quiet --python build/wheel/env/bin/python -c requirements.lock build/wheel/*.whl
	cd build/wheel && env/bin/coverage-analyzer --version && env/bin/coverage-analyzer run \
		../../data/customer_sites.csv --centers ../../data/service_centers.csv -o report

# The decisive tests with the oldest libraries that pyproject.toml allows, without extras and with
# them.
lowest: $(READY)
	$(BIN)/python tools/matrix.py --lowest

# Has `run` become slower? Ratios of CPU seconds to a floor measured in the same minutes.
guard: $(READY)
	$(BIN)/python benchmarks/guard.py

# A real Nominatim over an extract, asked by our client: needs root and some packages of Debian, see
# tools/nominatim.py. EXTRACT is the .osm.pbf to import; 2 to 10 minutes.
EXTRACT ?= ../shared/osm/liechtenstein.osm.pbf
services: $(READY)
	$(BIN)/python tools/nominatim.py $(EXTRACT)

# What takes too long for every change: other Pythons and the oldest Spark, clients, services, fuzz,
# all mutants, all policies. Runs to the end and keeps the results in docs/development.md;
# `make nightly STEPS="clients fuzz"` runs some.
nightly: $(READY)
	$(BIN)/python tools/nightly.py $(STEPS)

# A cluster of Spark on this machine that loses a worker in the middle of a run: needs Java. Its log
# is in a new folder below reports.
cluster: $(READY)
	@if command -v java >/dev/null; then $(BIN)/python tools/spark_cluster.py; \
		else echo "make cluster: skipped, as Java is not installed."; fi

# The product beside the floor and its peers, with wrong decisions counted: benchmarks/README.md.
# What has been measured is kept; `make bench ARGS=--anew` measures again, `ARGS="--only NAME"` one.
bench: $(BENCH_READY)
	$(BENCH)/bin/python benchmarks/bench.py $(ARGS)

bench-large: $(BENCH_READY)
	$(BENCH)/bin/python benchmarks/bench.py --large $(ARGS)

# 100 million sites once, CSV to CSV: 16 GB of disk, some minutes.
bench-huge: $(BENCH_READY)
	$(BENCH)/bin/python benchmarks/bench.py --large --huge $(ARGS)

# Where the time of a run goes: a table, and flame graphs in docs/img.
profile: $(BENCH_READY)
	$(BENCH)/bin/python benchmarks/profiling.py $(ARGS)

# The parts alone, each against its target: kernel, notebook, areas, reading.
bench-parts: $(READY)
	$(BIN)/python benchmarks/kernel.py
	$(BIN)/python benchmarks/assess.py
	$(BIN)/python benchmarks/areas.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/map.py
	$(BIN)/python benchmarks/geocoding.py
	$(BIN)/python benchmarks/roads.py

# The reader against files that are changed at random: make fuzz MINUTES=10
MINUTES ?= 1
fuzz: $(READY)
	$(BIN)/python tests/fuzz.py $(MINUTES)

# Due times of random clocks against counting minute by minute (about 2 minutes).
fuzz-clocks: $(READY)
	CLOCK_CASES=3000 $(BIN)/pytest -q tests/property/test_clock_laws.py

# Every question of siting against all plans of 500 random problems (about 3 minutes).
fuzz-siting: $(READY)
	SITING_CASES=500 $(BIN)/pytest -q tests/conformance/test_siting_brute_force.py

# One wrong line at a time: the tests must see each (about 5 minutes).
mutants: $(READY)
	$(BIN)/python tests/mutants.py

# What users see has changed on purpose: keep it as it is now, and look through the diff.
snapshots: $(READY)
	$(BIN)/pytest -q tests/snapshots --renew-snapshots
	git --no-pager diff --stat -- tests/snapshots

# On the other Pythons at hand (or make matrix PYTHONS="FOLDER ..."), and with the oldest libraries
# that are allowed.
matrix: $(READY)
	$(BIN)/python tools/matrix.py $(PYTHONS)

lock: $(READY)
	$(UV) pip compile pyproject.toml --quiet --universal --all-extras --group dev \
		--python-version 3.11 --generate-hashes --no-emit-index-url -o requirements.lock
	$(UV) pip compile pyproject.toml --quiet --universal --all-extras --resolution lowest-direct \
		--python-version 3.11 --generate-hashes --no-emit-index-url \
		-o tests/requirements-lowest.lock
	# The spatial extension of DuckDB for the benchmarks fits an older DuckDB.
	mkdir -p build && sed '/^duckdb==/,/^[a-z]/{/^duckdb==/d;/^[a-z]/!d}' requirements.lock \
		> build/constraints.txt
	$(UV) pip compile pyproject.toml --quiet --universal --group bench -c build/constraints.txt \
		--python-version 3.11 --generate-hashes --no-emit-index-url -o benchmarks/requirements.lock

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv $(BENCH) build dist reports benchmarks/cache tools/js/node_modules

$(UV): requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(UV) || $(BIN)/python -m pip install --quiet "$$(grep -o "^uv==[0-9.]*" requirements.lock)"
	touch $(UV)

$(LIGHT): requirements.lock pyproject.toml $(UV)
	$(UV) pip install --quiet -c requirements.lock --python $(BIN)/python -e '.[compare,excel]'
	touch $(LIGHT)

$(READY): requirements.lock pyproject.toml $(UV)
	$(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .
	touch $(READY)

$(BENCH_READY): benchmarks/requirements.lock $(READY)
	test -x $(BENCH)/bin/python || $(UV) venv --quiet --python $(BIN)/python $(BENCH)
	$(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BENCH)/bin/python $<
	$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BENCH)/bin/python -e .
	touch $@
