# make demo    builds fusiongen, generates the example, checks its tree against the spec, and renders it
# make test    everything that CI runs; installs what it needs (Debian packages when root, modules by the ordinary clients)
# make bench   measurements beside peers, printed as tables; make soak: the long runs; make dist: release files
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo build test unit lint bench soak cover dist check-clean clean

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

clean:
	rm -rf bin dist coverage .cache/demo
