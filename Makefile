# Schoolgate: `make run` starts a sample school, `make test` runs every test. Both set up what they need.
.DEFAULT_GOAL := help
PY := .venv/bin/python
STAMP := .venv/.schoolgate-installed

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml requirements/lock.txt tools/bootstrap.sh
	@tools/bootstrap.sh
	@touch $@

setup: $(STAMP) ## build .venv

run: $(STAMP) ## start the sample school (AT=2026-11-20T12:14:30 or AT=now sets its clock)
	@exec .venv/bin/schoolgate up $(if $(AT),--at '$(AT)')

test: $(STAMP) ## run every test (PYTEST_ARGS for more or fewer)
	@tools/test-packages.sh
	.venv/bin/pytest $(or $(PYTEST_ARGS),--cov --cov-report=term:skip-covered --cov-fail-under=100)

lint: $(STAMP) ## format, lint, types, imports
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy -p schoolgate_policyd -p schoolgate_dns -p schoolgate_proxy -p schoolgate_webui
	.venv/bin/lint-imports

bench: $(STAMP) ## measure decisions and answers (figures stand in docs/performance.md)
	$(PY) tests/bench/bench_decide.py
	$(PY) tests/bench/bench_dns.py

fuzz: $(STAMP) ## ten million mutated packets at the DNS parsers (an hour or more)
	$(PY) tests/fuzz/dns_packets.py --count 10000000

css: ## compile the pages' style sheet with npm (only when webui's styles change)
	tools/build-css/build.sh

lock: ## resolve the dependencies anew
	.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.12 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements/lock.txt -q

.PHONY: help setup run test lint bench fuzz css lock
