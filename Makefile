# The everyday commands, from the fastest to the longest: check, test, test-lab, test-full. Each installs what is missing,
# by its Debian name. CONTRIBUTING.md has the times.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
LAB := lab/lab

.PHONY: help need demo check test test-lab test-full walk lint deps size mutations fuzz bench generate

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

need: # names what cannot be installed
	@bash .ci/need

demo: ## a real Odoo on a real droplet on this machine: about 8 min from nothing, 30 s when warm
	@lab/demo

check: need lint ## lints, unit and integration tests, droplet programs in one of three shells: without a lab
	OPS_SHELLS=one .ci/tests 'not binary(lab)'

test: need ## check, and one lab test for each guarantee of the README (tests/guarantees.md)
	OPS_SHELLS=one .ci/lab-tests 'not binary(lab) or test(/::guarantee::[a-z]+$$/)' demo old login

test-lab: need ## every lab test but the long ones; droplet programs in all three shells
	.ci/lab-tests 'not test(/::full::[a-z]+$$/)' demo old login

test-full: need ## everything: fault walks, real Odoo in depth, a million broken inventories
	.ci/lab-tests 'all()' demo old login trio
	$(MAKE) fuzz

walk: need ## every fault at every step of every way to deploy: hours
	.ci/labs demo
	OPS_WALK=all .ci/tests 'test(/every_step/)'

mutations: need ## breaks the product as tests/guarantees.md says, row by row: each test must fail (about an hour)
	.ci/labs demo old login
	.ci/mutations

lint: need ## format, clippy, shellcheck, workflows
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	git ls-files -z ':!src' ':!*.rs' | xargs -0 grep -lE '^#!(/usr/bin/env bash|/bin/(ba)?sh|/usr/bin/env sh)' | xargs shellcheck -x
	.ci/workflows

deps: need ## licenses, sources and bans of the dependencies; advisories are checked in .github
	.ci/deps

size: ## the release binary, and what is in it
	cargo build --release --locked
	stat -c '%s bytes  %n' target/release/ops

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
