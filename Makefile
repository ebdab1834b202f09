# holdfast. `make` alone lists what there is.

.ONESHELL:
.SHELLFLAGS = -ec
.DEFAULT_GOAL = help
.PHONY: help build static size install uninstall demo check test vm router chaos sim fuzz bench bench-vm clean

CARGO      ?= cargo
RUSTC      ?= rustc
# Empty: the host, with musl if rustc has it, else with a static glibc.
TARGET      =
# Not empty: the daemon can be loaded at any address (position independent), for a tenth more memory.
PIE         =
BIN         = target/holdfast
# full, or small: without regular expressions and TLS.
FLAVOUR     = full

PREFIX     ?= /usr/local
DESTDIR    ?=
SBINDIR     = $(PREFIX)/sbin
BINDIR      = $(PREFIX)/bin
MANDIR      = $(PREFIX)/share/man
# Who starts it: redhat, openwrt, busybox or systemd.
INIT       ?= redhat
SYSCONFDIR  = $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
export PREFIX DESTDIR SBINDIR BINDIR MANDIR SYSCONFDIR BIN INIT

SEEDS       = 100000
# Which fuzz target, for how many seconds, and more options for libFuzzer.
T           = config
S           = 60
FUZZ        =

help: ## this list
	@printf 'holdfast: a router'\''s virtual addresses, from a keepalived.conf\n\n'
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | awk -F@ '{ printf "%-17s %s\n", $$1, $$2 }'
	printf '\nVariables: PREFIX=%s DESTDIR=%s INIT=%s TARGET=%s\n           SEEDS=%s T=%s S=%s\n' '$(PREFIX)' '$(DESTDIR)' '$(INIT)' '$(TARGET)' '$(SEEDS)' '$(T)' '$(S)'

build: ## build the daemon: one static file, target/holdfast
	@target='$(TARGET)'
	if [ -z "$$target" ]; then
		host=$$($(RUSTC) -vV | sed -n 's/^host: //p')
		target=$$(echo "$$host" | sed 's/-gnu/-musl/')
		have() { [ -d "$$($(RUSTC) --print target-libdir --target "$$target" 2>/dev/null)" ]; }
		have || target=$$host
	fi
	static='-C target-feature=+crt-static'
	mkdir -p target
	probe() { echo 'fn main() { println!("{}", 1) }' | $(RUSTC) --target "$$target" "$$@" -o target/probe - 2>/dev/null; }
	case $$target in *-gnu*)
		if ! probe $$static; then
			echo "make: no static C library for $$target here: linking dynamically" >&2
			static=
		fi
	esac
	# At a fixed address nothing is relocated: a tenth less memory in each process.
	model='-C relocation-model=static'
	if [ -n '$(PIE)' ]; then
		# Relocations packed, where linker and C library are young enough to know it.
		model='-C link-arg=-Wl,-z,pack-relative-relocs'
	fi
	if [ -z "$$static" ] || ! probe $$static $$model || ! target/probe >/dev/null 2>&1; then
		model=
	fi
	rm -f target/probe
	RUSTFLAGS="$$RUSTFLAGS $$static $$model" $(CARGO) build --release --locked --bin holdfast --target "$$target"
	built="$${CARGO_TARGET_DIR:-target}/$$target/release/holdfast"
	cmp -s "$$built" '$(BIN)' || install -m 755 "$$built" '$(BIN)'
	size=$$(wc -c < '$(BIN)')
	echo "$(BIN): $$size bytes, $${static:+static, }$$target"
	case $$target in *-gnu*)
		echo "(smaller still: rustup target add $$(echo "$$target" | sed 's/-gnu/-musl/'), then make build)"
	esac

static: ## for a router: TARGET=mips-unknown-linux-musl [FLAVOUR=small]
	@sh board/make/static.sh '$(or $(TARGET),x86_64-unknown-linux-musl)' '$(FLAVOUR)'

size: ## build what has a budget, and compare
	@sh board/make/size.sh

install: ## below PREFIX, for INIT=redhat|openwrt|busybox|systemd
	@sh board/make/install.sh install

uninstall: ## remove it again; a changed configuration stays
	@sh board/make/install.sh uninstall

demo: build ## two routers and a client: watch an address survive its master
	@sh tests/deps.sh demo
	HOLDFAST_BIN="$$(realpath '$(BIN)')" $(CARGO) run --release --locked --quiet --example demo

check: ## formatting, lints, the law of the house
	@sh tests/deps.sh check
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	for parts in vrrp,ipvs vrrp ipvs; do
		$(CARGO) clippy --locked --bin holdfast --no-default-features --features $$parts -- -D warnings
	done
	$(CARGO) test --locked --quiet --test layers

test: ## every test (as root on Debian it installs what it needs)
	@sh tests/deps.sh test
	$(CARGO) test --locked

vm: ## the tests that need a kernel of their own (User Mode Linux)
	@sh tests/deps.sh vm
	$(CARGO) test --locked --test vm

router: ## two routers of busybox and holdfast boot, and one dies
	@sh tests/deps.sh router
	$(CARGO) test --locked --test router

chaos: ## an hour of chaos, or CHAOS_SECONDS=n; CHAOS_SEED=n replays
	@sh tests/deps.sh test
	CHAOS_SECONDS="$${CHAOS_SECONDS:-3600}" $(CARGO) test --locked --test chaos

sim: ## simulated networks: SEEDS=100000
	@SIM_SEEDS='$(SEEDS)' $(CARGO) test --locked --test sim -- --nocapture

fuzz: ## try to break it: T=config|words|packet|netlink|http|replies
	@sh tests/fuzz/run.sh '$(T)' '$(S)' $(FUZZ)

bench: build ## measure against Debian's keepalived (root)
	@sh tests/deps.sh bench
	HOLDFAST_BIN="$$(realpath '$(BIN)')" $(CARGO) run --release --locked --quiet --example pace

bench-vm: build ## the same for virtual servers, in a kernel of their own
	@sh tests/deps.sh bench-vm
	HOLDFAST_BIN="$$(realpath '$(BIN)')" $(CARGO) run --release --locked --quiet --example pace-vm

clean: ## remove what was built
	@$(CARGO) clean
