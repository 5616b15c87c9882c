# The everyday commands. `make test` is the tier of every change and of CI; `make test-full` is
# everything and is run before an issue is called resolved. Both install what is missing, by name.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
LAB := lab/lab
# The labs after that one: the tests of `demo` run three at a time (.config/nextest.toml).
MORE_DEMOS := for n in 1 2; do OPS_LAB_NET=$$(($${OPS_LAB_NET:-0} + n)) lab/lab up demo; done
OPS := target/release/ops
LAB_DIR := $(or $(OPS_LAB_DIR),$(HOME)/.cache/ops-lab)

.PHONY: help need demo test test-full walk lint fuzz bench generate

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

need: # what cannot be installed by name is said in one line
	@bash .ci/need

demo: need ## real droplets on this machine, and a deploy of a real Odoo to one of them
	$(LAB) up demo
	cargo build --release --locked
	$(LAB) reset demo
	$(OPS) --config $(LAB_DIR)/ops.yaml deploy demo --yes
	curl -sS --fail -H 'Host: erp.lab' http://127.0.0.11/web/login | grep -q oe_login_form
	echo "Odoo's login page answers through nginx: curl -H 'Host: erp.lab' http://127.0.0.11/web/login"

test: need ## every test, the end-to-end ones on lab droplets included
	$(LAB) up demo old login
	$(MORE_DEMOS)
	cargo build --locked
	cargo nextest run --locked --profile ci -E 'not test(/^full::/)'

test-full: need ## the long tier: everything, three web droplets and a million broken inventories included
	$(LAB) up demo old login trio
	$(MORE_DEMOS)
	cargo build --locked
	cargo nextest run --locked --profile ci
	$(MAKE) fuzz

walk: need ## every fault at every step of every way to deploy, which takes hours; test-full takes one fault a step, in turn
	$(LAB) up demo
	$(MORE_DEMOS)
	cargo build --locked
	OPS_WALK=all cargo nextest run --locked --profile ci -E 'test(/every_step/)'

lint: need ## format, clippy, shellcheck of lab and CI, cargo-deny where it is there; tests/droplet/lint.rs has the programs for droplets
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	git ls-files -z ':!src' ':!*.rs' | xargs -0 grep -lE '^#!(/usr/bin/env bash|/bin/(ba)?sh|/usr/bin/env sh)' | xargs shellcheck -x
	if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: skipped"; fi

fuzz: need ## a million broken inventories
	OPS_FUZZ_CASES=1000000 cargo nextest run --locked --cargo-profile fuzz --test it -E 'test(/fuzz/)'

bench: need ## the side-by-side measurements; writes bench/RESULTS.md
	export OPS_LAB_NET=$${OPS_LAB_NET:-71}
	$(LAB) up demo
	cargo build --release --locked --bin ops --example noop
	bench/run

generate: ## completions and man pages, from the same command tree
	cargo run -q --locked -- completions bash > completions/ops.bash
	cargo run -q --locked -- completions zsh > completions/_ops
	cargo run -q --locked -- completions fish > completions/ops.fish
	cargo run -q --locked -- man man
