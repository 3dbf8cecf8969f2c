# Everything works from nothing but Python 3.11+ and make; what has been done is remembered by stamps.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes
# Linters look at the code, not at how this machine happens to be set up.
PLAIN := env -u DATABASE_URL -u REDIS_URL ENV_FILE= DATA_DIR=.venv/plain
PUBLIC := $(PLAIN) SITE_URL=https://chat.example.org TRUSTED_PROXIES=1

.PHONY: run dev test chaos bench lint sbom format vendor lock clean
.SUFFIXES:

run: .venv/runtime static_root/collected locale/compiled  ## the production server, on what .env says
	@exec $(BIN)/python manage.py serve --migrate

dev: .venv/runtime locale/compiled  ## autoreload, and static files as they are
	@export DEBUG=1; $(BIN)/python manage.py migrate --verbosity 0 && $(BIN)/python manage.py setup_link && \
	exec $(BIN)/python manage.py runserver $$($(BIN)/python -c 'from config.settings import *; print(f"{HOST}:{PORT}")')

test: static_root/collected locale/compiled .venv/dev  ## everything, browser included
	@bin/test-services
	node --test --test-reporter=dot tests/js/*.test.js
	$(BIN)/pytest $(IN_PARALLEL)
	PARLEY_TEST_MODE=postgres $(BIN)/pytest $(IN_PARALLEL) $(ON_POSTGRES)
	PARLEY_TEST_MODE=postgres+redis $(BIN)/pytest $(IN_PARALLEL) $(ON_BOTH)

# File by file, those that take long first (tests/conftest.py).
IN_PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

# What is most likely to differ where the database is PostgreSQL, and where there is a Redis beside it.
ON_POSTGRES := $(addprefix tests/,asking searching socket) $(addprefix tests/test_,budget_ledger.py budget_races.py hints.py)
ON_BOTH := $(addprefix tests/,asking socket test_drain.py)

test-postgres test-redis: static_root/collected locale/compiled .venv/dev  ## everything but the browser, on those
	@bin/test-services
	PARLEY_TEST_MODE=$(if $(filter test-redis,$@),postgres+redis,postgres) $(BIN)/pytest $(IN_PARALLEL) --ignore tests/browser

SEED ?= $(shell date +%s)
MINUTES ?= 5
chaos: static_root/collected locale/compiled .venv/dev  ## faults by chance, for long: make chaos SEED=17 MINUTES=30
	@bin/test-services
	$(BIN)/python -m tests.chaos --seed $(SEED) --minutes $(MINUTES) $(CHAOS)

bench: static_root/collected locale/compiled .venv/dev  ## what an answer and a token cost; also as JSON in var/
	@bin/test-services
	$(BIN)/python -m bench

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(PLAIN) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PUBLIC) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python bin/audit

sbom: .venv/dev  ## what it is made of, as CycloneDX in var/
	@$(BIN)/python bin/sbom

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

vendor:  ## fetch the browser's libraries again, as static/vendor/manifest.json names them
	bin/vendor

lock: .venv/dev  ## the newest versions pyproject.toml allows, with hashes
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --output-file requirements-dev.txt --constraint requirements.txt --group dev pyproject.toml

clean:  ## all that can be made again; never the data folder
	rm -rf .venv static_root .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Parley needs Python 3.11 or later: make PYTHON=/path/to/python3.11 run'; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/runtime: requirements.txt | .venv/bin/python
	@echo 'Installing requirements …'
	@$(PIP) --requirement requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | .venv/bin/python
	@echo 'Installing requirements for tests …'
	@$(PIP) --requirement requirements-dev.txt
	@touch $@

locale/compiled: $(shell find locale -name '*.po') requirements.txt | .venv/runtime
	@$(BIN)/python -m config.translations
	@touch $@

static_root/collected: $(shell find static -type f) requirements.txt | .venv/runtime
	@$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
