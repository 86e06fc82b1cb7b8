# Everything that a person or CI types. Needs python3 (3.11 to 3.13) and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help setup backends demo test check weaviate kills live bench lock

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip --quiet
INSTALL := install --python $(BIN)/python --no-deps --require-hashes --compile-bytecode
PYTHON ?= python3
ARGS ?=
DOCS ?= docs/guide
# Three questions that the guide answers, and one that it does not.
SUGGESTED := --suggest '@Footnote who may read the documents in a folder that I index?' \
	--suggest '@Footnote what do I have to back up?' \
	--suggest '@Footnote which tokens does Socket Mode need?' \
	--suggest '@Footnote how do I connect it to Microsoft Teams?'
export UV_PYTHON_DOWNLOADS := never

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime ## put Footnote and the exact packages it runs on into .venv
	@echo "Footnote is set up: $(BIN)/footnote --help"

backends: $(VENV)/.backends ## add the packages for Weaviate, Cohere, OpenAI-compatible servers and traces
	@echo "The backends are installed; docs/guide/backends.md says which settings choose them"

demo: $(VENV)/.runtime ## the bot in a stand-in for Slack on this machine, answering from its guide (DOCS=DIR: from yours)
	@exec $(BIN)/footnote playground --docs $(DOCS) $(if $(filter docs/guide,$(DOCS)),$(SUGGESTED)) $(ARGS)

test: $(VENV)/.tools ## the whole test suite, in random order, on every core (ARGS='-k word' narrows it)
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

check: $(VENV)/.tools ## format, lint, types, imports between rooms, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python .ci/audit.py

weaviate: ## build the real Weaviate that some tests need, once, with Go (4 minutes, 2 GB in Go's cache)
	@sh .ci/weaviate $(ARGS)

kills: $(VENV)/.tools ## kill the bot again and again while people ask, and count (ARGS='--list' says how; docs/reliability.md)
	@$(BIN)/python -m tests.kills $(ARGS)

live: $(VENV)/.tools ## the contracts on real accounts, where keys are set (CO_API_KEY): 3 minutes, 60 of a trial key's calls
	@$(BIN)/python -m pytest tests/live --force-enable-socket --timeout 300 -p no:randomly $(ARGS)

bench: $(VENV)/.tools ## the benchmarks: lists them; ARGS='startup' runs one (docs/benchmarks.md)
	@$(BIN)/python tests/bench/__main__.py $(ARGS)

LOCK := --universal --generate-hashes --no-annotate --no-header --python-version 3.11
lock: $(VENV)/.uv ## compile the four locks anew from pyproject.toml (ARGS='--upgrade' raises versions)
	$(UV) compile $(LOCK) $(ARGS) pyproject.toml --all-extras --output-file requirements-backends.lock
	$(UV) compile $(LOCK) $(ARGS) pyproject.toml --constraints requirements-backends.lock --output-file requirements.lock
	$(UV) compile $(LOCK) $(ARGS) pyproject.toml --all-extras --group dev --constraints requirements-backends.lock --output-file requirements-dev.lock
	$(UV) compile $(LOCK) $(ARGS) --group setup --output-file requirements-setup.lock

# What stands in .venv, in three layers. A layer is made again when its lock is newer than its stamp.
$(VENV)/.uv: requirements-setup.lock
	@sh .ci/venv $(VENV) $(PYTHON)
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements.lock pyproject.toml
	@echo "Installing the packages Footnote runs on…"
	@$(UV) $(INSTALL) --requirements requirements.lock
	@$(UV) install --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.backends: $(VENV)/.runtime requirements-backends.lock
	@echo "Installing the packages for the backends…"
	@$(UV) $(INSTALL) --requirements requirements-backends.lock
	@touch $@

$(VENV)/.tools: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing the tools for tests and checks…"
	@$(UV) $(INSTALL) --requirements requirements-dev.lock
	@touch $@
