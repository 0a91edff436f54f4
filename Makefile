# Quotewright. `make` alone lists what there is to do.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
# One more than there are processors: a test that waits for a server or a browser leaves its processor to another.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
T ?= tests
# The bare machines that `make bare` tries.
RELEASE ?= 12 13
WHO ?= root user
DO ?= run test

##@ Use it
.PHONY: run smoke
run: .venv/runtime.stamp ## Start everything on this machine: web, worker, Redis, an Autotask sandbox (PORT=, SANDBOX_PORT=)
	@$(PY) -m stack run

smoke: .venv/runtime.stamp ## Do the main job end to end without a person and print what landed in Autotask
	@$(PY) -m smoke

##@ Check it
.PHONY: test check lint fmt bench faults kills chaos load mutations audit strangers bare
test: .venv/dev.stamp ## Run every test, with real Redis, PostgreSQL, Autotask sandbox and Chromium (T=tests/push for a part)
	@scripts/system-packages.sh
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal $(T)

# Side by side, all of them even when one fails; each one's output in one piece where make can do that.
SIDE_BY_SIDE = $(MAKE) --no-print-directory -k -j $(if $(filter output-sync,$(.FEATURES)),-O)
LINTERS := lint-ruff lint-format lint-types lint-imports lint-templates lint-sandbox-pages lint-scripts lint-deploy
.PHONY: $(LINTERS) light-tests

check: .venv/dev.stamp ## Lint, types and the tests that need nothing but Python, in seconds
	@$(SIDE_BY_SIDE) $(LINTERS) light-tests

lint: .venv/dev.stamp ## Lint, formats, types, templates, and who may import whom
	@$(SIDE_BY_SIDE) $(LINTERS)

lint-ruff:
	@.venv/bin/ruff check .
lint-format:
	@.venv/bin/ruff format --check --quiet . || (echo "Some files are not formatted: make fmt"; exit 1)
lint-types:
	@.venv/bin/mypy
lint-imports:
	@.venv/bin/lint-imports --no-logo
lint-templates:
	@.venv/bin/djlint --lint --quiet webapp/templates
lint-sandbox-pages:
	@.venv/bin/djlint --lint --quiet --ignore H005,H006,H015,H016,H025,H030,H031,T028,J004,J018 sandbox
lint-scripts:
	@if [ -x .venv/bin/biome ]; then .venv/bin/biome check --error-on-warnings --log-level=warn .; \
		else echo "JavaScript and CSS were not checked: there is no biome for this machine."; fi
lint-deploy:
	@.venv/bin/yamllint --strict deploy docs/monitoring
	@if [ -x .venv/bin/hadolint ]; then .venv/bin/hadolint Containerfile && .venv/bin/shellcheck deploy/*.sh; \
		else echo "The Containerfile and deploy's scripts were not checked: there is no hadolint for this machine."; fi
light-tests:
	@QUICK=1 $(PY) -m pytest -q -n $(WORKERS) --dist worksteal -m light tests

fmt: .venv/dev.stamp ## Format the code and fix what the linters can fix
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .
	@if [ -x .venv/bin/biome ]; then .venv/bin/biome check --write .; fi

bench: .venv/dev.stamp ## Measure, as ratios
	@$(PY) -m bench

faults: .venv/dev.stamp ## Let every fault meet every call of a push; make test tries a third of the calls that read
	@EVERY_CALL=1 $(PY) -m pytest -n $(WORKERS) tests/push/test_faults.py

kills: .venv/dev.stamp ## Kill real workers while they push, and compare what Autotask holds (SEED=, N= quotes, DATABASE=sqlite or postgres)
	@SEED=$(SEED) N=$(N) DATABASE=$(DATABASE) $(PY) -m kills

chaos: .venv/dev.stamp ## Break everything at random under load for five minutes, and check what is left (SECONDS=, SEED=, REPS=, FAULTS=web,redis)
	@SECONDS=$(SECONDS) SEED=$(SEED) REPS=$(REPS) FAULTS=$(FAULTS) $(PY) -m chaos

load: .venv/dev.stamp ## 50 reps' mixed traffic on PostgreSQL for ten minutes, then more until something breaks (MINUTES=, REPS=, MORE=no)
	@MINUTES=$(MINUTES) REPS=$(REPS) MORE=$(MORE) $(PY) -m load

mutations: .venv/dev.stamp ## Put back each fault that the push once had, and see the tests find it
	@$(PY) -m tests.push.mutations

audit: .venv/dev.stamp ## Try every address as every role, and every known way in (WRITE=--write for docs/access.md)
	@$(PY) -m audit $(WRITE)

strangers: .venv/dev.stamp ## Try the sandbox with public Autotask clients that we did not write (installs them; one needs Node)
	@scripts/strangers.sh
	@STRANGERS=1 $(PY) -m pytest -m strangers tests/strangers

bare: ## Do what the README says on bare Debians, as root and as a plain user (RELEASE=12 WHO=user DO=run, T= with DO=test, DO=ci)
	@for release in $(RELEASE); do for who in $(WHO); do for what in $(DO); do \
		scripts/bare-machine.sh $$release $$who $$what "$(T)" || exit 1; \
	done; done; done

##@ Keep it
.PHONY: lock sbom vulnerabilities release clean help
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
lock: .venv/dev.stamp ## Write requirements/*.txt anew from requirements/*.in (UPGRADE=--upgrade for newer versions)
	@$(LOCK) $(UPGRADE) requirements/uv.in -o requirements/uv.txt
	@$(LOCK) $(UPGRADE) requirements/runtime.in -o requirements/runtime.txt
	@$(LOCK) $(UPGRADE) requirements/otel.in -o requirements/otel.txt
	@$(LOCK) $(UPGRADE) requirements/dev.in -o requirements/dev.txt
	@$(LOCK) $(UPGRADE) requirements/strangers.in -o requirements/strangers.txt

sbom: .venv/dev.stamp ## Write the bill of materials of what runs in production: sbom.cdx.json (CycloneDX)
	@$(PY) scripts/sbom.py

release: .venv/dev.stamp ## Build the wheel, the bill of materials, checksums and, where podman or docker is, the image, into dist/
	@PY=$(PY) scripts/release.sh

vulnerabilities: .venv/dev.stamp ## Ask whether a pinned package has a known vulnerability
	@$(PY) scripts/vulnerabilities.py

clean: ## Remove the environment and caches; the data in var/ stays
	@rm -rf .venv .venv-strangers tests/strangers/apigrate/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/runtime.stamp: requirements/runtime.txt requirements/uv.txt scripts/venv.sh
	@scripts/venv.sh runtime

.venv/dev.stamp: requirements/dev.txt requirements/uv.txt scripts/venv.sh
	@scripts/venv.sh dev
