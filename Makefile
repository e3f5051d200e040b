# The front door. Each target does all the set-up that it needs; only Python ≥ 3.11 and make must be there.
.DEFAULT_GOAL := help
.PHONY: help demo test test-attack test-fuzz test-fuzz-urls test-kill check format lint types imports test-corpus test-browser bench-match bench-render bench-load bench-search bench-quality bench-tex bench-attack bench-web bench-cli bench-send bench-million pictures languages lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS := $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) * 3 / 2 ))) # tests wait for servers half of their time
# Files of tests lie in memory where 4 GB of it are free: SQLite waits for the disk after each commit.
MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 4000000 ] && echo TMPDIR=/dev/shm)

help: ## print these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.runtime ## the whole thing on bundled sample papers: five mails in data/demo/
	@$(BIN)/digest demo

test: $(VENV)/.dev ## every test, on real servers that the tests start themselves
	$(MEMORY) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not corpus and not kill and not browser and not attack" $(ARGS)

check: lint types imports test ## what must hold before a commit

format: $(VENV)/.dev ## write the code in its standard form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev ## style and common mistakes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev ## types, strictly
	$(BIN)/mypy

imports: $(VENV)/.dev ## who may import whom
	$(BIN)/lint-imports

test-attack: $(VENV)/.dev ## ten thousand sign-ups for one victim: three mails at most
	$(BIN)/python -m pytest -m attack $(ARGS)

test-fuzz: $(VENV)/.dev ## ten minutes of random requests of every route: no 5xx, memory flat (FUZZ_SEED=2: others)
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(BIN)/python -m pytest tests/web/test_fuzz.py -rP $(ARGS)

test-fuzz-urls: $(VENV)/.dev ## 50,000 random URLs of every route: no 5xx, memory flat, a third of them pages (FUZZ_SEED=2: others)
	FUZZ_URLS=$${FUZZ_URLS:-50000} $(BIN)/python -m pytest tests/web/test_fuzz.py -k url -rP $(ARGS)

test-kill: $(VENV)/.dev ## kill everything in the middle of an issue, and count (KILL_ROUNDS=3: longer)
	$(BIN)/python -m pytest tests/kill -n auto --dist worksteal -m kill -rP $(ARGS)

test-corpus: $(VENV)/.dev ## the tests that run over the real data in ../shared/data, where it is there
	$(BIN)/python -m pytest -n auto --dist worksteal -m corpus $(ARGS)

test-browser: $(VENV)/.dev ## the tests in a real Chromium: BROWSER_BIN or one that is installed
	@test -n "$$($(BIN)/python -c 'from tests.browser import browser_path; print(browser_path())')" || \
	  { echo "error: no Chromium: apt-get install chromium, or set BROWSER_BIN to one"; exit 1; }
	$(MEMORY) $(BIN)/python -m pytest -n auto --dist worksteal -m browser $(ARGS)

bench-send: $(VENV)/.dev ## delivery on both databases beside a bare SMTP loop, one worker and two
	$(BIN)/python -m benchmarks.send $(ARGS)

bench-million: $(VENV)/.dev ## one issue of a million subscribers into a discarding sink (ARGS='--readers 50000': smaller)
	$(BIN)/python -m benchmarks.million $(ARGS)

bench-match: $(VENV)/.dev ## the matcher beside other ways, with real papers where they are; FULL=1: no samples
	$(BIN)/python -m benchmarks.match $(ARGS)

bench-search: $(VENV)/.dev ## search beside FTS5 and Postgres, on ../shared/data; sizes and times at 100,000 papers
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.search $(ARGS)

bench-load: $(VENV)/.dev ## a million subscribers from SQLite and Postgres, beside the match stage
	$(BIN)/python -m benchmarks.load $(ARGS)

bench-render: $(VENV)/.dev ## building a message, beside rendering each whole
	$(BIN)/python -m benchmarks.render $(ARGS)

bench-attack: $(VENV)/.dev ## processor seconds of one hostile request, by kind, on a running serve with 3,000 papers
	$(BIN)/python -m benchmarks.attack $(ARGS)

bench-web: $(VENV)/.dev ## how long readers wait for pages with 75,000 papers in the store, beside a bare page
	$(BIN)/python -m benchmarks.web $(ARGS)

bench-cli: $(VENV)/.dev ## what commands cost on a large store, and lists of a million readers (ARGS='--rows 100000': smaller)
	$(BIN)/python -m benchmarks.cli $(ARGS)

bench-tex: $(VENV)/.dev ## reading TeX beside pylatexenc alone, on ../shared/data; ARGS=--parts: what each part adds
	$(BIN)/python -m benchmarks.tex $(ARGS)

bench-quality: $(VENV)/.dev ## papers a topic selects, precision of the first ten, on ../shared/data where it is
	$(BIN)/python -m benchmarks.quality $(ARGS)

pictures: $(VENV)/.dev ## README's pictures, taken anew from the demo (needs Chromium)
	$(BIN)/python -m benchmarks.pictures $(ARGS)

languages: $(VENV)/.dev ## new texts into the catalogue of each language; says which have no translation
	$(BIN)/python -m digest.languages.extract

lock: $(VENV)/.dev ## pin the dependencies anew (needs uv): versions and hashes, no index addresses
	uv lock --upgrade
	uv export --no-emit-project --format requirements.txt --no-header --group build -o requirements.lock
	uv export --no-emit-project --format requirements.txt --no-header --all-groups -o requirements-dev.lock

clean: ## remove what was made here, the data of a demo included
	rm -rf $(VENV) data/demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Stamps: set-up is done again when a lock file or the project's own metadata changed.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed, this is $$($(PYTHON) --version 2>&1)"; \
	    echo "fix: make PYTHON=/path/to/python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
