# make demo    builds the programs and the image, generates the example, lints it, and renders its tree
# make test    everything that CI runs; installs what it needs (Debian packages when root, modules by the ordinary clients)
# make bench   measurements beside peers, printed as tables; make soak: the long runs; make dist: release files
# make e2e     real pipelines on a real cluster (root); e2e-all: every cell; e2e-up, e2e-down: a world to try by hand
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.PHONY: demo build test lint bench soak cover dist e2e e2e-all e2e-up e2e-down test-nvme clean

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
EXAMPLE ?= examples/minimal.cue
SOURCES := $(shell find cmd schema gen lint overlays fuseimage -type f -not -path '*/testdata/*' 2>/dev/null) go.mod go.sum
GOBUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false

build: bin/fusiongen bin/fuseimage bin/fusion

bin/%: $(SOURCES)
	$(GOBUILD) -ldflags '$(LDFLAGS)' -o $@ ./cmd/$*

# The demo stamps the digest of the image that it builds into the generator, as a release does.
demo: bin/fuseimage
	rm -rf .cache/demo && mkdir -p .cache/demo
	image=$$(bin/fuseimage build -o .cache/demo/image --version '$(VERSION)'); \
	$(GOBUILD) -ldflags "$(LDFLAGS) -X main.image=$$image" -o bin/fusiongen ./cmd/fusiongen
	bin/fusiongen build -o .cache/demo/tree $(EXAMPLE)
	bin/fusiongen build --check -o .cache/demo/tree $(EXAMPLE)
	bin/fusiongen lint --pedantic .cache/demo/tree
	bin/fusiongen build $(EXAMPLE)

test:
	test/run

lint:
	test/checks

bench: bin/fusiongen bin/fusion
	test/bench/run

cover:
	mkdir -p coverage
	go test -short -coverprofile=coverage/profile ./...
	go tool cover -func=coverage/profile | tail -n 1

# dist: static binaries for four platforms, checksums, the modules in each (an SBOM), and a krew manifest.
# A release passes IMAGE=NAME@sha256:… so that generated trees name its digest.
dist:
	VERSION='$(VERSION)' IMAGE='$(IMAGE)' test/dist

# e2e: the cells and pipelines that CI runs; K8S picks the version (test/cluster/VERSION).
e2e:
	test/e2e/run
e2e-all:
	test/e2e/run -e2e.all -e2e.verified "$$PWD/docs/verified.md"
e2e-up:
	cd test && go run ./e2e/try up
e2e-down:
	cd test && go run ./e2e/try down

# test-nvme: the preparation of NVMe disks in a virtual machine with two of them.
test-nvme:
	cd test && go test -count=1 -timeout 15m ./qemu/

# soak: the long runs, before an issue is called resolved.
soak:
	test/soak

clean:
	rm -rf bin dist coverage .cache/demo
