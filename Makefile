# make demo    builds fusiongen, generates the example, checks its tree against the spec, and renders it
# make test    everything that CI runs; installs what it needs (Debian packages when root, modules by the ordinary clients)
# make bench   measurements beside peers, printed as tables; make soak: the long runs; make dist: release files
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo build test unit lint bench soak cover dist clean

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
EXAMPLE ?= examples/minimal.cue

build: bin/fusiongen

bin/fusiongen: $(shell find cmd/fusiongen schema gen lint overlays -type f 2>/dev/null) go.mod go.sum
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $@ ./cmd/fusiongen

demo: bin/fusiongen
	rm -rf .cache/demo && mkdir -p .cache
	bin/fusiongen build -o .cache/demo $(EXAMPLE)
	bin/fusiongen build --check -o .cache/demo $(EXAMPLE)
	bin/fusiongen build $(EXAMPLE)

test:
	test/run

lint:
	test/checks

bench: bin/fusiongen
	test/bench/run

cover:
	mkdir -p coverage
	go test -short -coverprofile=coverage/profile ./...
	go tool cover -func=coverage/profile | tail -n 1

# dist: static binaries for four platforms, checksums, the modules in each (an SBOM), and a krew manifest.
# A release passes IMAGE=NAME@sha256:… so that generated trees name its digest.
dist:
	VERSION='$(VERSION)' IMAGE='$(IMAGE)' test/dist

# soak: the long runs, before an issue is called resolved.
soak:
	go test ./gen/ -run RandomSpecs -rapid.checks=20000 -timeout 60m
	go test -run '^$$' -fuzz FuzzLoad -fuzztime 10m ./schema/
	go test -run '^$$' -fuzz FuzzGroovy -fuzztime 5m ./gen/

clean:
	rm -rf bin dist coverage .cache/demo
