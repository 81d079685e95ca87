# make demo | test | check | bench | soak | lock | clean -- see `make help`.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak lock clean
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/.installed ## a made-up company in ./tenure-demo, with its figures
	@$(BIN)/tenure demo tenure-demo

# A test kills processes at any instant, so one file may be half written: combine then complains,
# and what counts is the report, which fails without data too.
test: .venv/.dev ## all tests, with the coverage they must reach
	@scripts/test-needs
	@$(BIN)/coverage erase
	@status=0; $(BIN)/coverage run -m pytest -n $(WORKERS) --dist worksteal || status=$$?; \
	$(BIN)/coverage combine -q || true; \
	$(BIN)/coverage report --skip-covered -m || [ $$status -ne 0 ] || status=$$?; \
	exit $$status

check: .venv/.dev ## format, lint, types, who may import whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy core connectors sinks
	@$(BIN)/lint-imports

soak: .venv/.dev ## the tests, each property tried far more often
	@scripts/test-needs
	@TENURE_SOAK=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal

bench: .venv/.dev ## every benchmark that can be run by itself
	@for file in $$(grep -l '__name__ == "__main__"' benchmarks/*.py 2>/dev/null); do \
	  echo "== $$file"; $(BIN)/python $$file || exit 1; \
	done

# Neither a path nor a registry may end up in the result: the options see to the second, and
# should pip-compile name the project itself, that line is cut.
lock: .venv/.dev ## newest versions that pyproject.toml allows, with hashes
	@$(BIN)/pip-compile --quiet --upgrade --extra dev --build-deps-for editable \
	  --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header --no-config \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file .venv/lock pyproject.toml
	@{ echo '# Made by `make lock` from pyproject.toml: do not edit.'; \
	  grep -v '^#' .venv/lock | sed '/^tenure @/d; /^$$/d'; } > requirements-dev.lock

clean: ## everything that was made here, .venv included
	rm -rf .venv tenure-demo dist htmlcov .coverage .coverage.* \
	  .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "tenure needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
	    "Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: pyproject.toml | .venv/.made
	@$(PIP) install -q -e .
	@touch $@

# The build backend is in the lock too: without isolation, nothing unpinned is fetched.
.venv/.dev: requirements-dev.lock pyproject.toml | .venv/.made
	@$(PIP) install -q --require-hashes -r requirements-dev.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@ .venv/.installed
