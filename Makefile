# Each target makes its own .venv, from nothing where there is none.  Only relative paths here, as
# make takes a space for a separator.  ARGS goes to the program: make test ARGS="-k clusters";
# TESTS narrows what is collected: make test TESTS=tests/cli.

PLUGINS = plugins/supamig-expected-counts
TESTS = tests $(PLUGINS)
RUN = .venv/bin/python -m
export PYTHON
# tests start hundreds of interpreters: none may compile every module anew
unexport PYTHONDONTWRITEBYTECODE

help:  ## show the targets
	@awk -F': *## ' '/^[a-z]+: *## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo:  ## move a sample project between two real servers
	@bash tests/parts/venv.sh demo
	@$(RUN) supamig demo $(ARGS)

test:  ## run all tests that this machine can run
	@bash tests/parts/venv.sh demo test infra $(PLUGINS)
	@$(RUN) pytest $(TESTS) $(ARGS)

check:  ## lint, types, which module may import which, and the rules of the repository
	@bash tests/parts/venv.sh demo test infra $(PLUGINS)
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@.venv/bin/lint-imports --no-logo
	@$(RUN) pytest tests/meta

clean:  ## remove what the targets made
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: help demo test check clean
