# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer.
# `make PYTHON=python3.13 test` chooses another Python for a new environment.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check clean

demo: .venv/installed
	$(BIN)/tsbind demo

test: .venv/installed
	$(BIN)/python -m pytest

check: .venv/installed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

# Made again when what is installed or built from changes.
.venv/installed: pyproject.toml $(wildcard tsbind/guest/*.py tsbind/guest/*.[ch] tsbind/guest/js/*.js)
	@echo "Installing: a C compiler of 100 MB is downloaded, and compiles the guest for about 90 s of one processor."
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf .venv build dist
