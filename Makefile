# make setup | make demo | make test: Python 3.11 or 3.12 and make are all that is needed.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3,11),(3,12)))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CHECKED := $(VENV)/.checked
SOURCE := crypto chain contracts client compute p2p node benchmarks examples tests/support tests/simulation

# The tests start many processes. Where the environment forbids bytecode, each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-peers fuzz wire-cases nemesis soak long crash secrecy simulate lint types imports unit wheel bench examples audit clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt examples/requirements.txt
	@test -n "$(PYTHON)" || { echo "Cluster needs Python 3.11 or 3.12 on PATH (found: $$(python3 --version 2>&1 || echo none)). Install one, or name it: make PYTHON=/path/to/python3.12 setup"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' || { \
	  echo "Installation failed. If plyvel was being built, this platform has no wheel of it and needs LevelDB's headers first:"; \
	  echo "  Debian/Ubuntu: apt-get install libleveldb-dev   Fedora: dnf install leveldb-devel   macOS: brew install leveldb"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r examples/requirements.txt
	@touch $@

demo: setup
	@$(BIN)/cluster demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

unit: setup
	@$(BIN)/python -m compileall -q -j 2 $(SOURCE)
	$(BIN)/python -m pytest -m "not peers and not slow" -q -n 2 --dist worksteal

# Types and imports are checked beside the tests; what they say comes after, and a failure of either fails the whole.
test: lint
	@$(MAKE) --no-print-directory types imports >$(CHECKED) 2>&1 & \
	$(MAKE) --no-print-directory unit; tests=$$?; \
	wait $$!; checks=$$?; cat $(CHECKED); \
	test $$tests -eq 0 || echo "make test: a test failed, see above"; \
	test $$checks -eq 0 || echo "make test: types or imports are wrong, see above"; \
	exit $$((tests | checks))

test-peers: setup
	@tests/peers/setup.sh
	@tests/fuzz/setup.sh
	@tests/nemesis/setup.sh
	$(BIN)/python -m pytest -m "slow or peers" -q -n 2 --dist worksteal tests/peers tests/unit tests/property tests/simulation tests/integration examples/contracts

fuzz: setup
	@tests/fuzz/setup.sh
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),300)

wire-cases: setup
	@$(BIN)/python -m tests.fuzz.wire_cases --cases $(or $(CASES),65536)

nemesis: setup
	@tests/nemesis/setup.sh
	@$(BIN)/python -m tests.nemesis --networks $(or $(NETWORKS),24) --first $(or $(FIRST),1)

long: setup
	@tests/peers/setup.sh
	CLUSTER_LONG=1 $(BIN)/python -m pytest -m slow -q tests/simulation/test_mutants.py tests/unit/compute/test_transfer_audit.py \
	  tests/unit/compute/test_contracts_benchmark.py tests/integration/test_walkthroughs_on_a_devnet.py tests/integration/test_tutorial.py \
	  tests/integration/test_throughput_benchmark.py tests/integration/test_private_payments.py tests/peers/test_ezkl.py

soak: setup
	@tests/nemesis/setup.sh
	@$(BIN)/python -m tests.nemesis.soak --minutes $(or $(MINUTES),30)

crash: setup
	@$(BIN)/python -m tests.crash --times $(or $(TIMES),10) --cuts $(or $(CUTS),1000)

secrecy: setup
	$(BIN)/python -m pytest -m slow -q -s tests/integration/test_secrecy.py

SEEDS ?= 1000
simulate: setup
	@$(BIN)/python -m tests.simulation.campaign $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(if $(LEVEL),--level $(LEVEL))

wheel: setup
	@rm -rf dist
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w dist .
	@$(BIN)/python -m tests.support.check_wheel dist/*.whl

bench: setup
	@for question in $(filter-out __init__,$(basename $(notdir $(wildcard benchmarks/*.py)))); do \
	  echo "$$question:" >&2; $(BIN)/python -m benchmarks.$$question || exit 1; done

examples: setup
	@$(BIN)/python -m examples.own_devnet

audit: setup
	@for circuit in $$($(BIN)/python -m tests.support.example_subjects); do \
	  $(BIN)/cluster zk audit $(AUDIT) tests.support.example_subjects:$$circuit || exit 1; done
	@for contract in $(wildcard examples/contracts/*/contract.py); do \
	  $(BIN)/cluster contract audit $(AUDIT) --only differential,hiding,mutation,jacobian,flips $$contract || exit 1; done

clean:
	rm -rf $(VENV) dist .venv-peers tests/peers/node_modules tests/fuzz/.atheris tests/nemesis/.faketime .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
