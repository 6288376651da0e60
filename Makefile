# The commands of this repository. Each does its own set-up on a fresh Debian 12 with Node and npm (root for apt-get).
BENCH ?= --write
.PHONY: help setup guest-setup lean-setup build check check-types check-lint check-dead check-imports check-manifests format test test-fuzz test-races test-faults test-faults-short test-interop test-cluster bench bench-tools bench-vlan demo image install clean
.DEFAULT_GOAL := help

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: node_modules/.package-lock.json ## the toolchain, from the npm registry

node_modules/.package-lock.json: package.json package-lock.json .npmrc
	npm ci --ignore-scripts
	@touch $@

guest-setup: ## Debian's packages for the test guest
	@scripts/guest/install

lean-setup: ## a C compiler and the sources of the lean engine: Debian's packages, and by pip
	@scripts/lean/install

build: setup lean-setup ## dist/braid, one executable file
	scripts/bun scripts/build.ts

check: setup ## types, lint and format, dead code, dependency rules between folders, Kubernetes manifests
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync check-types check-lint check-dead check-imports check-manifests

check-types:
	node_modules/.bin/tsc --noEmit

check-lint:
	node_modules/.bin/biome ci --error-on-warnings .

check-dead:
	node_modules/.bin/knip

check-imports:
	scripts/bun scripts/check-imports.ts

check-manifests:
	scripts/bun scripts/check-manifests.ts

format: setup ## writes the layout and import order that make check asks for
	node_modules/.bin/biome check --write .

test: setup guest-setup build ## every test that needs no cluster; last line: N passed, N failed
	@scripts/bun scripts/test.ts $(TESTS)

test-fuzz: setup ## damaged input, FUZZ_CASES (100000) of them from FUZZ_SEED; prints both, then N passed, N failed
	@FUZZ_CASES=$${FUZZ_CASES:-100000} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} scripts/bun scripts/test.ts --pure test/fuzz/

test-faults-short: setup guest-setup build ## the part of it that make test has: ADD and DEL killed once at every point
	@scripts/bun scripts/test.ts --faults --short

test-faults: setup guest-setup build ## every system call of ADD and DEL killed or failed; kill points, faults, then N passed, N failed
	@scripts/bun scripts/test.ts --faults --timeout 14400

test-races: setup guest-setup build ## many pods at once, RACES (200) of them, in a guest of 12 GiB; last line: N passed, N failed
	@RACES=$${RACES:-200} scripts/bun scripts/test.ts --kernel --guests 1 --memory 12288 --timeout 7200 e2e/races

test-interop: setup guest-setup build ## against cnitool, containerd, Multus and the Go reference plugins (needs Go); last line: N passed, N failed
	@scripts/guest/install test/interop/packages
	@for module in interop bench; do scripts/go-tools test/$$module dist/$$module || exit 1; done
	@scripts/bun scripts/test.ts --interop --timeout 7200 $(TESTS)

test-cluster: setup guest-setup lean-setup ## on real clusters, of this machine and in a guest of 6 GiB, as root (needs Go); CLUSTER_PODS=100 of them; last line: N passed, N failed
	@scripts/guest/install test/cluster/packages
	@scripts/go-tools test/cluster dist/cluster
	@scripts/go-tools test/render dist/render
	@scripts/bun scripts/image.ts --arch $$(dpkg --print-architecture)
	@scripts/bun scripts/test.ts --cluster $(TESTS)

demo: setup guest-setup build ## the main job without a cluster
	@scripts/demo.sh

bench-tools:
	@for module in interop bench; do scripts/go-tools test/$$module dist/$$module || echo "left out: programs of test/$$module"; done

bench: setup build bench-tools ## Braid beside Multus, the kernel and an empty executable, as root; BENCH='--runs 5 --networks 0,8' for less
	@scripts/bun test/bench/bench.ts $(BENCH)

bench-vlan: setup guest-setup build bench-tools ## the same for VLANs, in an emulated machine whose kernel has them: only its ratios say something
	@scripts/guest/run --timeout 900 --memory 3072 -- sh -c \
	  'modprobe -a loop ext4; scripts/bun test/bench/bench.ts --runs 5 --networks 1,8 --mixes vlan --parts pods'

image: setup lean-setup ## dist/image: container image for x86-64 and arm64 (OCI archive), executables for glibc and musl hosts
	@scripts/bun scripts/image.ts

install: build ## Braid on this node, as root; what it would do: dist/braid install --dry-run
	dist/braid install

clean: ## everything that a command makes again
	rm -rf dist results node_modules
