# nac: build, try, test. `make help` lists the targets. Everything stays in this folder: .venv, target, demo-state, lab-state.

PYTHON ?= python3
SECONDS ?= 60

VENV := .venv
BIN := $(VENV)/bin
SUPPLICANT := target/release/nac-supplicant
EXTENSION := nac/_dataplane.abi3.so
WHEELS := target/wheels
RUST := $(shell find dataplane/protocol dataplane/policy dataplane/journal dataplane/drain dataplane/server dataplane/python -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock

export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help demo build supplicant test test-rust test-python test-lab test-faults check lint-python lint-rust deny fuzz bench deps wheel lock clean toolchain

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: build ## build, start nac in demo-state/, run real supplicants against it
	@scripts/debian-packages.sh eapoltest || true
	@$(BIN)/python -m lab.demo

build: $(EXTENSION) supplicant ## nac into .venv, and its own supplicant into target/release

toolchain:
	@PYTHON=$(PYTHON) scripts/toolchain.sh

$(VENV)/.runtime: requirements.txt requirements-build.txt | toolchain
	@echo "== Python packages into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt -r requirements-build.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "== packages for checks and tests into $(VENV)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(EXTENSION): $(RUST) pyproject.toml $(VENV)/.runtime | toolchain
	@echo "== data plane (Rust, release): some minutes the first time"
	@mkdir -p target
	@$(BIN)/maturin develop --release --locked >target/maturin.log 2>&1 || { cat target/maturin.log; exit 1; }
	@touch $@

supplicant: | toolchain
	@cargo build --quiet --release --locked --package nac-bench

test: deps test-rust ## install what tests need, run all of them
	@$(MAKE) --no-print-directory --jobs 2 test-python test-lab

test-rust: | toolchain
	cargo test --quiet --workspace --locked

test-python: build $(VENV)/.dev
	$(BIN)/python -m pytest --ignore tests/lab

test-lab: build $(VENV)/.dev ## stories on the campus of namespaces; they wait more than they work
	@mkdir -p target
	@$(BIN)/python -m pytest tests/lab >target/test-lab.log 2>&1 && tail -n 1 target/test-lab.log || { cat target/test-lab.log; exit 1; }

test-faults: build $(VENV)/.dev ## kill a loaded server 50 times; take its database, disks, log and clock away; damage its journal, cut the power of 20,000 devices
	NAC_KILLS=50 NAC_STORM=20000 $(BIN)/python -m pytest tests/faults

check: lint-python lint-rust deny ## formatters, linters, types, licences

lint-python: $(EXTENSION) $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest nac._dataplane

lint-rust: | toolchain
	cargo fmt --all --check
	cargo fmt --manifest-path dataplane/fuzz/Cargo.toml --check
	cargo clippy --quiet --workspace --all-targets --locked -- -D warnings

deny: | toolchain
	scripts/deny.sh

fuzz: | toolchain ## every fuzz target for SECONDS (default 60)
	tests/fuzz.sh $(SECONDS)

bench: build ## measure beside FreeRADIUS and hostapd, write docs/benchmarks.md
	@scripts/debian-packages.sh freeradius freeradius-postgresql hostapd postgresql || true
	$(BIN)/python -m lab.bench

deps: $(VENV)/.dev ## the Debian and Python packages that tests and the lab need
	@scripts/debian-packages.sh curl dbus-daemon eapoltest faketime freeradius freeradius-utils hostapd iproute2 \
		libengine-pkcs11-openssl libtpm2-pkcs11-1 libtss2-tcti-swtpm0 libtss2-tcti-tabrmd0 nftables opensc openssl \
		postgresql softhsm2 swtpm tcpdump tpm2-abrmd tpm2-tools wpasupplicant

wheel: $(VENV)/.runtime ## a wheel into target/wheels
	$(BIN)/maturin build --quiet --release --locked --auditwheel skip --out $(WHEELS)

lock: ## pin the Python dependencies anew (needs uv)
	scripts/lock.sh

clean: ## remove what was built
	cargo clean --quiet
	rm -rf $(VENV) demo-state lab-state dist nac/_dataplane*.so .mypy_cache .ruff_cache .pytest_cache .hypothesis
