# Schoolgate: `make run` starts a sample school, `make test` runs every test. Both set up what they need.
.DEFAULT_GOAL := help
PY := .venv/bin/python
STAMP := .venv/.schoolgate-installed
BENCH_STAMP := .venv/.schoolgate-bench

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml requirements/lock.txt tools/bootstrap.sh
	@tools/bootstrap.sh
	@touch $@

setup: $(STAMP) ## build .venv

run: $(STAMP) ## start the sample school (AT=2026-11-20T12:14:30 or AT=now sets its clock)
	@exec .venv/bin/schoolgate up $(if $(AT),--at '$(AT)')

# The core is covered by its own tests alone; measuring that in all others would cost minutes. Tests run in the order in
# which they are written, which anybody can repeat; `make test-shuffled` looks for tests that need that order. Three at a time
# keep two cores busy, since those of whole schools wait for clocks a quarter of the time.
CORE := tests/policyd/core
IN_ORDER := -n 3 --randomly-dont-reorganize -o tmp_path_retention_policy=failed
# Every commit of a database waits for its disk, and tests make them by the thousand. None tests the disk in the folders
# of pytest: what fills one mounts its own, and power cuts are simulated on what was recorded.
IN_MEMORY := $(shell test "$$(df --output=avail -m /dev/shm 2>&1 | tail -n 1)" -gt 4000 2>/dev/null && \
	grep -q ' /dev/shm ' /proc/mounts && ! grep -q ' /dev/shm .*noexec' /proc/mounts && echo env PYTEST_DEBUG_TEMPROOT=/dev/shm)
test: $(STAMP) ## run every test (PYTEST_ARGS for more or fewer)
	@tools/test-packages.sh
ifdef PYTEST_ARGS
	$(IN_MEMORY) .venv/bin/pytest $(PYTEST_ARGS)
else
	$(IN_MEMORY) .venv/bin/pytest $(IN_ORDER) --cov --cov-report=term:skip-covered --cov-fail-under=100 $(CORE)
	@$(MAKE) --no-print-directory test-compiled
	$(IN_MEMORY) .venv/bin/pytest $(IN_ORDER) --ignore=$(CORE)
endif

# The folder of a compiled wheel comes before the checkout wherever Python starts with it in PYTHONPATH. Folders stand for what
# was deleted from them.
COMPILED := build/compiled
COMPILED_STAMP := $(COMPILED)/.unpacked
$(COMPILED_STAMP): $(STAMP) tools/compiled.py tools/slices.h README.md LICENSE \
		$(shell find dns firewall policyd proxy rules systemd webui -name __pycache__ -prune -o -print)
	@rm -rf $(COMPILED) && mkdir -p $(COMPILED)
	HATCH_BUILD_HOOK_ENABLE_CUSTOM=true $(PY) -m hatchling build -t wheel -d $(COMPILED) >$(COMPILED)/log 2>&1 || \
		{ tail -n 30 $(COMPILED)/log; exit 1; }
	@$(PY) -m zipfile -e $(COMPILED)/*.whl $(COMPILED)/site
	@touch $@

compiled: $(COMPILED_STAMP) ## a wheel with DNS's stages compiled for this Python and machine (gcc, Python's headers)
	@ls $(COMPILED)/*.whl

# In Python 3.13 the coroutines that mypyc makes are thrown into in a way that is to be no more.
test-compiled: $(COMPILED_STAMP) ## DNS's tests once more, its stages compiled
	$(IN_MEMORY) PYTHONPATH=$(CURDIR)/$(COMPILED)/site SCHOOLGATE_COMPILED=1 .venv/bin/pytest $(IN_ORDER) \
		-W 'ignore:the (type, exc, tb) signature of throw:DeprecationWarning' tests/dns tests/fuzz/test_dns_packets.py

test-shuffled: $(STAMP) ## run every test in an order of chance (its seed is printed)
	@tools/test-packages.sh
	$(IN_MEMORY) .venv/bin/pytest -n 2 -o tmp_path_retention_policy=failed

lint: $(STAMP) ## format, lint, types, imports
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy -p schoolgate_policyd -p schoolgate_dns -p schoolgate_proxy -p schoolgate_firewall -p schoolgate_webui
	.venv/bin/lint-imports

$(BENCH_STAMP): $(STAMP) requirements/bench.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		--only-binary :all: -r requirements/bench.txt
	@touch $@

# DNS as the compiled wheel has it, with as many workers as the packaged configuration where new names come.
WITH_COMPILED := PYTHONPATH=$(CURDIR)/$(COMPILED)/site
bench: $(BENCH_STAMP) $(COMPILED_STAMP) ## measure decisions, answers and replays (figures stand in docs/performance.md)
	$(PY) tests/bench/bench_decide.py
	$(PY) tests/bench/bench_peers.py
	$(WITH_COMPILED) $(PY) tests/bench/dns/bench_dns.py
	$(WITH_COMPILED) $(PY) tests/bench/dns/bench_dns_misses.py --workers 2 --rounds 20 --seconds 0.5
	$(WITH_COMPILED) $(PY) tests/bench/dns/bench_dns_memory.py
	$(WITH_COMPILED) $(PY) tests/bench/dns/bench_dns_bell.py
	$(WITH_COMPILED) $(PY) tests/bench/dns/bench_dns_overload.py
	$(PY) tests/bench/bench_prove.py
	$(PY) tests/bench/bench_lists.py
	$(PY) tests/bench/bench_replay.py
	$(PY) tests/bench/bench_pages.py
	$(PY) tests/bench/bench_log.py

bench-box: $(STAMP) ## measure the gateway beside Squid, in namespaces of its own (root, minutes)
	$(PY) tests/bench/box/bench_forwarding.py
	$(PY) tests/bench/box/bench_proxy.py
	$(PY) tests/bench/box/bench_bell.py
	$(PY) tests/bench/box/bench_ways.py

pages: $(STAMP) ## every page photographed at two widths, and axe-core at both in light and dark (minutes)
	SCHOOLGATE_PAGES=all .venv/bin/pytest --no-cov tests/webui/test_every_page.py tests/webui/test_*_in_chromium.py

fuzz: $(STAMP) ## mutated packets by the million, rule files and lists by the thousand (hours)
	$(PY) tests/fuzz/dns_packets.py --count 10000000
	$(PY) tests/fuzz/forged_replies.py --count 1000000
	$(PY) tests/fuzz/rule_files.py --count 20000
	$(PY) tests/fuzz/lists.py --count 300000

durability: $(STAMP) ## 10,000 simulated power cuts and 300 kills under the school's paperwork (minutes)
	$(PY) tests/durability/cuts.py --cuts 10000
	$(PY) tests/durability/kills.py --kills 300

boot: $(STAMP) ## boot a real Debian as a gateway, kill it and cut its power (root; RELEASE=12 or 13; minutes)
	$(PY) tests/boot/boot.py --release $(or $(RELEASE),12) --cuts 5

dns-tree: $(STAMP) ## 100,000 names of a local tree, answered as unbound answers them (minutes)
	@tools/test-packages.sh
	$(PY) tests/e2e/dns_tree.py --names 100000

schema: $(STAMP) ## generate the schemas of rule files, and the tables of docs/policy-language.md
	$(PY) tools/rule_schemas.py

css: ## compile the pages' style sheet with npm (only when webui's styles change)
	tools/build-css/build.sh

lock: ## resolve the dependencies anew
	.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.12 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements/lock.txt -q
	.venv/bin/uv pip compile pyproject.toml -c requirements/lock.txt --universal --python-version 3.12 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements/gateway.txt -q
	.venv/bin/uv pip compile --group bench --universal --python-version 3.12 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements/bench.txt -q

.PHONY: help setup run test compiled test-compiled test-shuffled lint bench bench-box pages fuzz durability boot dns-tree schema css lock
