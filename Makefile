# jackknife: `make help` lists the targets.

GO      ?= go
PREFIX  ?= /usr/local
DESTDIR ?=

BUILD_PACKAGES = gcc libc6-dev pkg-config libjack-jackd2-dev libasound2-dev portaudio19-dev
DEMO_PACKAGES  = jackd2 espeak-ng alsa-utils
TEST_PACKAGES  = $(DEMO_PACKAGES) pipewire pipewire-bin pipewire-jack sox ffmpeg sndfile-programs flac lame flite tmux parallel aj-snapshot strace dbus-daemon zsh fish
VM_PACKAGES    = qemu-system-x86 seabios cpio kmod xz-utils

# The rooms under testdata are packages too; ./... does not see them.
PACKAGES = ./... $(addprefix ./,$(patsubst %/,%,$(sort $(dir $(wildcard testdata/*/*.go)))))

.PHONY: help deps build-deps demo-deps test-deps jack-tools build demo test pure race tsan fuzz bench bench-quality soak test-vm check install clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-13s %s\n", $$1, $$2 }'

# apt installs those of its packages that are missing, as root or through sudo.
define apt
	@missing=$$(for p in $(1); do \
	    dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	if ! command -v apt-get >/dev/null; then \
	    echo "make: no apt-get here; install what README.md names for your system, then run this with NODEPS=1" >&2; exit 1; fi; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing" $$missing; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
endef

deps: build-deps demo-deps test-deps ## install what building, the demo and the tests need (apt)

ifdef NODEPS
build-deps demo-deps test-deps:
else
build-deps:
	$(call apt,$(BUILD_PACKAGES))
demo-deps:
	$(call apt,$(DEMO_PACKAGES))
test-deps:
	$(call apt,$(TEST_PACKAGES))
	@command -v jack_lsp >/dev/null || $(MAKE) -s jack-tools
jack-tools: # a package of their own since Debian 13
	$(call apt,jack-example-tools)
endif

build: build-deps ## build build/jackknife
	@mkdir -p build
	$(GO) build -o build/jackknife ./cmd/jackknife

demo: build demo-deps ## run the main job on a private JACK server and show what came out
	@$(GO) run ./testdata/demo build/jackknife build/demo

# Eight jackd run on a machine at most: no more tests at a time than that.
PARALLEL = -p 2 -parallel 3

test: build-deps test-deps ## run the tests, on real servers and files
	$(GO) test -count=1 $(PARALLEL) $(PACKAGES)

pure: test-deps ## build, vet and test the edit-only binary, without cgo
	@mkdir -p build
	CGO_ENABLED=0 $(GO) build -o build/jackknife-pure ./cmd/jackknife
	CGO_ENABLED=0 $(GO) vet ./...
	CGO_ENABLED=0 $(GO) test ./...

race: build-deps test-deps ## run the tests under Go's race detector
	$(GO) test -count=1 -race -timeout 30m $(PARALLEL) -tags portaudiorace -gcflags=github.com/gordonklaus/portaudio=-d=checkptr=0 -short $(PACKAGES)

tsan: build-deps ## run the ring between two threads under the thread sanitizer
	@mkdir -p build
	gcc -std=gnu11 -O1 -g -Wall -Wextra -fsanitize=thread -o build/ring_test rt/testdata/ring_test.c rt/ring.c -lpthread
	build/ring_test

FUZZTIME ?= 30s
fuzz: build-deps ## fuzz every parser for FUZZTIME each (default 30s)
	@for p in $$($(GO) list ./...); do \
	    for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	        echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzzminimizetime 1x -fuzztime $(FUZZTIME) $$p || exit 1; \
	    done; done

bench: build demo-deps test-deps ## print speed and memory as ratios to cp, sox, jack_capture and a plain C client (half an hour)
	$(call apt,jack-capture)
	$(GO) test ./rt -run 'TestLoad$$' -count=1 -v -args -load 60s
	gcc -std=gnu11 -O2 -Wall -Wextra -o build/passthrough testdata/passthrough/passthrough.c -ljack
	$(GO) run -tags timed ./testdata/benchrecord build/jackknife build/passthrough build/benchrecord
	$(GO) run ./testdata/bench build/jackknife build/bench
	$(call apt,jack-tools)
	$(GO) run ./testdata/benchpatching build/jackknife build/bench
	$(GO) run ./testdata/benchcard build/jackknife
	$(GO) test -run '^$$' -bench . ./wav ./editor ./jackgraph

soak: build demo-deps test-deps ## break recordings in every way, again and again, and count frames (root: disks, too)
	$(GO) run ./testdata/soak build/jackknife build/soak
	$(GO) test -race ./cmd/jackknife -run "TestKeepChurn$$" -count=1 -v -timeout 30m -args -churn 10m
	JACKKNIFE_SOAK=1 $(GO) test ./cmd/jackknife -run 'TestJackScripts/server-dbus$$' -count=1 -timeout 3m

bench-quality: build test-deps ## write QUALITY.md, MISTAKES.md, BLEMISHES.md anew: pauses and fills beside other programs, mistakes
	$(call apt,auto-editor)
	$(GO) run ./testdata/benchquality build/jackknife QUALITY.md
	$(GO) run ./testdata/benchmistakes MISTAKES.md
	$(GO) run ./testdata/benchblemishes BLEMISHES.md

test-vm: build ## run the card and midi commands on real ALSA drivers, in a small virtual machine
	$(call apt,$(VM_PACKAGES))
	$(GO) run ./testdata/kernel build/vm/rack delta1010lt
	testdata/kernel/run.sh build/vm build/jackknife testdata/kernel/cards.sh
	testdata/kernel/run.sh build/vm build/jackknife testdata/kernel/midi.sh

check: ## gofmt and go vet, with cgo and without
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	$(GO) vet $(PACKAGES)
	CGO_ENABLED=0 $(GO) vet ./...

install: build ## install the program, its man page and completions under PREFIX
	install -D -m 755 build/jackknife $(DESTDIR)$(PREFIX)/bin/jackknife
	ln -sf jackknife $(DESTDIR)$(PREFIX)/bin/jackknife-nsm
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	build/jackknife man > $(DESTDIR)$(PREFIX)/share/man/man1/jackknife.1
	build/jackknife completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/jackknife
	build/jackknife completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_jackknife
	build/jackknife completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/jackknife.fish

clean: ## remove what make built
	rm -rf build
