# One line a target: the work is done by the programs named here, and CONTRIBUTING.md says what
# each is for. `make` alone prints this list.
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python
READY := .venv/.ready
CHAPTERS ?=
# One thread for each of several kernels: on two cores torch with two threads is many times slower.
export OMP_NUM_THREADS ?= 1
# What Jupyter keeps of its own (trust, runtime files) stays in the environment.
export JUPYTER_DATA_DIR := $(CURDIR)/.venv/jupyter

.DEFAULT_GOAL := help
.PHONY: help book live test lab run lint format bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

book: $(READY) ## the site, from the chapters' stored outputs
	$(PY) -m bookkit site

live: $(READY) ## the site with Python behind its cells, on this machine
	$(PY) -m bookkit live

test: $(READY) ## everything that must hold: style, package, chapters, site
	$(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile --nbval --nbval-current-env tests chapters

# Trusted, the chapters show their interactive figures before a cell was run.
lab: $(READY) ## JupyterLab on the chapters
	$(BIN)/jupyter trust chapters/*.ipynb
	$(BIN)/jupyter lab chapters

run: $(READY) ## execute the chapters again, in place (CHAPTERS="chapters/01_perceptron.ipynb" for some)
	$(PY) -m bookkit run $(CHAPTERS)

lint: $(READY) ## style: ruff, check and format
	$(BIN)/ruff check && $(BIN)/ruff format --check

format: $(READY) ## put the style right
	$(BIN)/ruff check --fix && $(BIN)/ruff format

bench: $(READY) ## the table of measured ratios
	$(PY) benchmarks/run.py

clean: ## remove what was built and the environment
	rm -rf .venv _build assets/vendor .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + ". Another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	@touch $(READY)
