# Each target sets up what it needs in .venv, and is quick when that is already there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-extended test-lowest test-pythons soak lint docs audit check dist bench clean

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## run the tutorial's failure and its fix on an embedded PostgreSQL
	$(BIN)/driftcheck demo

test: $(READY) ## run the tests
	n=$$(getconf _NPROCESSORS_ONLN); $(BIN)/python -m pytest -n $$(( n > 2 ? n : 2 )) --dist worksteal

test-extended: $(READY) ## run the tests that show further cases, which take longer
	n=$$(getconf _NPROCESSORS_ONLN); $(BIN)/python -m pytest -m extended -n $$(( n > 2 ? n : 2 )) --dist worksteal

test-lowest: $(READY) ## run the tests that matter with the oldest supported versions of what is imported
	.ci/test-lowest $(BIN)

test-pythons: $(READY) ## run the tests (or TESTS=...) with each supported Python that is found
	.ci/test-pythons $(BIN) $(TESTS)

soak: $(READY) ## run the tests that take minutes: kills, dead connections, hostile code
	n=$$(getconf _NPROCESSORS_ONLN); $(BIN)/python -m pytest -m soak -n $$(( n > 2 ? n : 2 )) --dist worksteal

lint: $(READY) ## check format, style, types and imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci .gitlab/*.yml

# .mkdocs.yml is strict: a dead link is an error. The variable turns off an advertisement.
docs: $(READY) ## build the site of the documentation in build/site
	$(BIN)/python -m pip install --quiet --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --config-file .mkdocs.yml

audit: $(READY) ## look for known vulnerabilities of the dependencies and for insecure code
	$(BIN)/python -m pip install --quiet --group audit
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive driftcheck
	$(BIN)/pip-audit --skip-editable
	$(BIN)/zizmor --offline --quiet .github

check: lint test ## lint, then test

dist: $(READY) ## build the wheel and the sdist, and check them
	$(BIN)/python -m pip install --quiet --group dist
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

bench: $(READY) ## measure the speed
	$(BIN)/python -m benchmarks

clean: ## remove everything that was made here, the sample application's database too
	rm -rf $(VENV) .venv-* .sample_app build dist *.egg-info
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip learned --group in 25.1; a new environment may bring an older one.
$(READY): pyproject.toml
	@[ -x $(BIN)/pip ] || { \
	  for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	      echo "$$python -m venv $(VENV)"; exec $$python -m venv --clear $(VENV); \
	    fi; \
	  done; \
	  echo 'driftcheck needs Python 3.11 or newer: make PYTHON=/path/to/python3' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[embedded]' --group test --group lint
	@touch $@
