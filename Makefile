# All that a developer types. Everything is installed into .venv, contracts/node_modules and target, nowhere else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
NPM    := npm --prefix contracts

# The extension is built again when what it is made of changes.
SOURCES := pyproject.toml constraints.txt Cargo.toml Cargo.lock $(shell find kernels -name '*.rs' -o -name Cargo.toml -o -path 'kernels/evmloop/*')

# Where the recorded data lie beside the project, use them.
ifneq ($(wildcard ../shared/data),)
export DCAI_DATA_DIR ?= $(abspath ../shared/data)
endif

# The core in the dev profile, which checks overflows. What holds revm shares the release build of the extension.
CORE_TESTS := cargo test --package dcai-core --quiet
PYTEST     := $(BIN)/python -m pytest
DEEP       := HYPOTHESIS_PROFILE=deep DCAI_TEST_ALL_ENGINES=1 $(PYTEST)
# A file stays on one worker, which makes its fixtures once; the files with long tests come first.
PARALLEL   := --numprocesses auto --dist loadfile --no-loadscope-reorder
QUICK      := $(addprefix tests/, artifacts encoders test_architecture.py test_fixed.py test_errors.py \
	models/test_protocols.py models/test_batches.py models/test_fast_paths.py evm/test_abi.py evm/test_storage.py \
	evm/test_contract.py gas/test_coefficients.py gas/test_oracle_manners.py chain/test_header.py chain/test_proofs.py \
	chain/test_logs.py incentives/market/test_phases.py incentives/contracts/test_money_contract.py \
	simulation/test_simulation_files.py tabular/test_output.py data/test_dataset.py verify/test_case.py \
	verify/test_differential.py verify/test_fingerprint.py cli/test_main.py)

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format bench fuzz mutants artifacts check-artifacts figures docs wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Build everything and run the main job on real data
	$(BIN)/dcai demo

test: $(VENV)/.dev contracts/node_modules/.installed ## Run all tests: Rust, Solidity, Python
	$(CORE_TESTS)
	cargo test --package dcai-evm --release --quiet
	$(NPM) run --silent test
	$(PYTEST) tests bench --benchmark-disable $(PARALLEL)

check: $(VENV)/.dev ## Check in under a minute: format, lints, types, the core, and some tests of each room
	cargo fmt --all --check
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(CORE_TESTS)
	$(PYTEST) $(QUICK) --quiet $(PARALLEL)

lint: $(VENV)/.dev contracts/node_modules/.installed ## Check formatting, types, stubs and lints; warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/stubtest dcai._kernels --concise --allowlist .ci/stubtest
	$(NPM) run --silent lint

format: $(VENV)/.dev contracts/node_modules/.installed ## Format Rust, Python and Solidity
	cargo fmt --all
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format
	$(NPM) run --silent format

bench: $(VENV)/.dev ## Run the kernels beside numpy, scipy and scikit-learn; print ratios and targets, draw a chart
	$(BIN)/python -m pytest bench --benchmark-enable --benchmark-quiet
	RAYON_NUM_THREADS=$$($(BIN)/python -c 'import os; print(os.cpu_count())') $(BIN)/python -m pytest bench/bench_predict.py --benchmark-enable --benchmark-quiet
	$(BIN)/python -m bench.rows_per_second

fuzz: $(VENV)/.dev contracts/node_modules/.installed ## Search for differences for a long time (the deep profile)
	PROPTEST_CASES=200000 cargo test --workspace --release --quiet
	$(BIN)/dcai verify differential --cases 5000 --steps 25 --report target/differential.html --case-dir target
	$(BIN)/dcai verify mutants --report target/mutants.html
	$(NPM) run --silent test -- --deep
	$(BIN)/dcai verify proof --report target/proof.html
	$(DEEP) tests/evm/test_programs.py
	$(DEEP) tests --ignore tests/evm/test_programs.py $(PARALLEL)

mutants: $(VENV)/.dev contracts/node_modules/.installed ## Check that the search for differences finds contracts with a fault
	$(BIN)/dcai verify mutants --report target/mutants.html

artifacts: $(VENV)/.dev contracts/node_modules/.installed ## Compile the contracts to dcai/artifacts; derive their gas
	$(NPM) run --silent build
	$(BIN)/python -m dcai.gas.calibration.calibrate

check-artifacts: $(VENV)/.dev contracts/node_modules/.installed ## Make the artifacts anew and compare them with the committed ones
	$(NPM) run --silent check
	$(BIN)/python -m dcai.gas.calibration.calibrate --check

figures: $(VENV)/.dev ## Draw the figures of the README anew, from the runs of the paper on IMDB
	$(BIN)/dcai simulate self-assessment --data imdb --plot bench/figures/self-assessment.png
	$(BIN)/dcai simulate prediction-market --data imdb --plot bench/figures/prediction-market.png

docs: $(VENV)/.docs ## Build the site of guides and docstrings into target/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

wheel: ## Build the source distribution and wheels into target/dist, and try each without a compiler
	.ci/wheel

clean: ## Remove all that was built or installed here
	rm -rf $(VENV) target contracts/node_modules dcai/*.so

# What the demo needs, and all that development needs: the latter includes the former.
$(VENV)/.demo: $(SOURCES)
	$(call install,demo)
	@touch $@

$(VENV)/.dev: $(SOURCES)
	$(call install,dev)
	@touch $@ $(VENV)/.demo

$(VENV)/.docs: $(SOURCES)
	$(call install,docs)
	@touch $@

define install
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(1)]'
endef

contracts/node_modules/.installed: contracts/package.json contracts/package-lock.json
	$(NPM) ci --silent --no-fund --no-audit
	@touch $@
