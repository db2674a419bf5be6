# Two commands do everything: `make demo` and `make test`.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test matrix check bench bench-diagnosis lock clean

demo: $(VENV)/.demo
	@$(BIN)/streamid demo

# What compares what arrives step by step has a core of its own; what measures time has the machine to itself.
STEPS := tests/fidelity tests/injection tests/playback tests/robustness
TIMES := tests/injection/test_pacing.py tests/playback/test_pace.py

test: check
	@sh scripts/hops.sh && browser=$$(sh scripts/browser.sh) && export CHROMIUM="$$browser" && \
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(addprefix --ignore=,$(STEPS)) && \
	$(BIN)/python -m pytest -n 2 --dist loadfile $(addprefix --ignore=,$(TIMES)) $(STEPS) && \
	$(BIN)/python -m pytest $(TIMES)

matrix: $(VENV)/.test
	@MATRIX=whole $(BIN)/python -m pytest tests/matrix

check: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.test
	@$(BIN)/python -m benchmarks

bench-diagnosis: $(VENV)/.test
	@$(BIN)/python -m tests.matrix.confusion

lock:
	@sh scripts/lock.sh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@python=$$(sh scripts/find-python.sh) && echo "Using $$python" && "$$python" -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python requirements/demo.txt pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(VENV)/bin/python requirements/test.txt pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo
