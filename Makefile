# Thin on purpose: every target is one or two commands. Needs Python 3.11 and make; the rest goes into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready
SERVE ?= yes
TEST_ARGUMENTS ?= -n 2
PIP_COMPILE := var/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

.PHONY: demo serve test check bench screenshots migration register lock clean

demo: $(READY)
	$(BIN)/referral demo $(if $(filter no,$(SERVE)),--no-serve)

serve: $(READY)
	$(BIN)/referral serve

test: check
	$(BIN)/pytest $(TEST_ARGUMENTS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python bench/run.py

# Pictures of the main pages, for the tour in the README; needs the Debian package chromium.
screenshots: $(READY)
	$(BIN)/python -m tests.pictures

# make migration name="what changes": writes the next numbered revision from the difference with the models.
migration: $(READY)
	rm -rf var/migration && mkdir -p var/migration
	DATABASE_URL=sqlite:///var/migration/next.db $(BIN)/python -m alembic upgrade head
	DATABASE_URL=sqlite:///var/migration/next.db $(BIN)/python -m alembic revision --autogenerate -m "$(name)"
	$(BIN)/ruff format --quiet migrations && $(BIN)/ruff check --quiet --fix migrations

# The register of processing activities is made from config/processing-activities.toml; a test holds them equal.
register: $(READY)
	$(BIN)/referral report register > docs/privacy/register.md

# Keeps the pins that still fit pyproject.toml; `make lock UPGRADE=--upgrade` renews them all.
lock:
	$(PYTHON) -m venv var/lock && var/lock/bin/pip install --quiet pip-tools
	$(PIP_COMPILE) $(UPGRADE) --extra test --build-deps-for editable --output-file requirements-test.lock pyproject.toml
	$(PIP_COMPILE) $(UPGRADE) --constraint requirements-test.lock --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): .venv/locked pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	touch $@

.venv/locked: requirements-test.lock
	rm -rf .venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 of nieuwer is nodig")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-test.lock
	touch $@
