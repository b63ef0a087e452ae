# What people and CI run. Needs Python 3.11 or newer, make and git; everything else is installed.
#
#   make demo     the whole way on your machine, in under a minute
#   make test     the tests
#   make check    style, types and layers
#
# On Linux, pip brings gigabytes of CUDA with torch. For the CPU build name PyTorch's wheel index:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCH_INDEX ?=
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# Tests run in two processes; with a thread each they do not wait for one another.
PROCESSES ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES)

.PHONY: demo test slow check format soak clean

demo: $(BIN)/retinue
	$(BIN)/retinue demo

test: $(VENV)/dev
	$(PYTEST) --dist loadfile

slow: $(VENV)/dev
	$(PYTEST) --dist worksteal -m slow

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Everything that takes longer than CI may: the figures of docs/benchmarks.md, measured again (hours).
soak: $(VENV)/dev
	$(BIN)/python benchmarks/figures.py
	$(BIN)/python -m benchmarks.fuzz --write
	$(BIN)/python -m benchmarks.coverage --write --document docs/coverage.md
	$(BIN)/python -m benchmarks.kills --write
	$(BIN)/python -m benchmarks.input --write
	$(BIN)/python -m benchmarks.versus --write
	$(BIN)/python -m benchmarks.transfer linear --write
	$(BIN)/python -m benchmarks.transfer photos --finetune --write
	$(BIN)/python -m benchmarks.transfer classes --write
	$(BIN)/python -m benchmarks.classic --write
	$(BIN)/python -m benchmarks.diagnoses --write
	$(BIN)/python -m benchmarks.inside --write
	$(BIN)/python -m benchmarks.widgets
	$(BIN)/python -m benchmarks.sweep_kills --write
	$(BIN)/python -m benchmarks.sweep_speed --write
	$(BIN)/python -m benchmarks.sweep_search --write
	$(BIN)/python -m benchmarks.sweep_claims --write
	$(BIN)/python -m benchmarks.experiments --write
	$(BIN)/python -m benchmarks.grading --write
	$(BIN)/python -m benchmarks.keras_lesson
	$(BIN)/python -m benchmarks.step_profile cifar10-94 --write

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/created:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Retinue needs Python 3.11 or newer: make PYTHON=...')"
	$(PYTHON) -m venv $(VENV)
	touch $@

$(BIN)/retinue: $(VENV)/created pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(INDEX) -c constraints.txt -e .
	touch $@

$(VENV)/dev: $(BIN)/retinue
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(INDEX) -c constraints.txt -e '.[dev]'
	touch $@
