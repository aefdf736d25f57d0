# Every target sets up what it needs in .venv; nothing but python3 (3.11 or newer) and a package index is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAGEMAKER := .venv-sagemaker
SETTINGS := pyproject.toml src/hitl_sdk/_version.py

.DEFAULT_GOAL := help
.PHONY: help demo test test-sagemaker lint format bench soak docs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.demo ## Take real predictions through a whole human review, without an AWS account
	$(BIN)/hitl demo

test: $(VENV)/.dev ## Run all tests, with the coverage that is asked for
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n auto
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --fail-under=95

test-sagemaker: $(SAGEMAKER)/.done ## Run the tests of the package sagemaker, in an environment of its own
	$(SAGEMAKER)/bin/python -m pytest -m sagemaker tests/sagemaker

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" pyright --verifytypes hitl_sdk --ignoreexternal

format: $(VENV)/.dev ## Put the code into the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure beside what users do today; ratios from one run
	$(BIN)/python -m benchmarks

soak: $(VENV)/.dev ## Kill runs with kill -9, 200 times, and count what is lost and what is started twice
	$(BIN)/python -m benchmarks.soak

docs: $(VENV)/.docs ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## Remove the virtual environments and everything built
	rm -rf $(VENV) $(SAGEMAKER) build dist site .coverage .coverage.* .mypy_cache .ruff_cache .hypothesis

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.demo: $(BIN)/pip $(SETTINGS)
	$(BIN)/pip install --quiet --editable ".[demo]"
	@touch $@

$(VENV)/.dev: $(BIN)/pip $(SETTINGS)
	$(BIN)/pip install --quiet --editable ".[all]" --group dev
	@touch $@

$(SAGEMAKER)/.done: $(SETTINGS)
	$(PYTHON) -m venv $(SAGEMAKER)
	$(SAGEMAKER)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(SAGEMAKER)/bin/pip install --quiet --editable ".[sagemaker,testing]" --group sagemaker-tests
	@touch $@

$(VENV)/.docs: $(VENV)/.dev
	$(BIN)/pip install --quiet --group docs
	@touch $@
