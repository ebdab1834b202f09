# holdfast. `make` alone lists what there is.

.ONESHELL:
.SHELLFLAGS = -ec
.DEFAULT_GOAL = help
.PHONY: help build install uninstall demo check test vm chaos sim fuzz bench bench-vm clean

CARGO      ?= cargo
RUSTC      ?= rustc
# Empty: the host, with musl if rustc has it, else with a static glibc.
TARGET      =
BIN         = target/holdfast

PREFIX     ?= /usr/local
DESTDIR    ?=
SBINDIR     = $(PREFIX)/sbin
BINDIR      = $(PREFIX)/bin
MANDIR      = $(PREFIX)/share/man
SYSCONFDIR  = $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)

SEEDS       = 100000
# Which fuzz target, for how many seconds, and more options for libFuzzer.
T           = config
S           = 60
FUZZ        =

help: ## this list
	@printf 'holdfast: a router'\''s virtual addresses, from a keepalived.conf\n\n'
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | awk -F@ '{ printf "%-17s %s\n", $$1, $$2 }'
	printf '\nVariables: PREFIX=%s DESTDIR=%s TARGET=%s\n           SEEDS=%s T=%s S=%s\n' '$(PREFIX)' '$(DESTDIR)' '$(TARGET)' '$(SEEDS)' '$(T)' '$(S)'

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
	# Relocations packed, a twentieth less, where linker and C library are young enough to know it.
	packed='-C link-arg=-Wl,-z,pack-relative-relocs'
	if [ -z "$$static" ] || ! probe $$static $$packed || ! target/probe >/dev/null 2>&1; then
		packed=
	fi
	rm -f target/probe
	RUSTFLAGS="$$RUSTFLAGS $$static $$packed" $(CARGO) build --release --locked --bin holdfast --target "$$target"
	built="$${CARGO_TARGET_DIR:-target}/$$target/release/holdfast"
	cmp -s "$$built" '$(BIN)' || install -m 755 "$$built" '$(BIN)'
	size=$$(wc -c < '$(BIN)')
	echo "$(BIN): $$size bytes, $${static:+static, }$$target"
	case $$target in *-gnu*)
		echo "(smaller still: rustup target add $$(echo "$$target" | sed 's/-gnu/-musl/'), then make build)"
	esac

install: ## install it below PREFIX; an existing configuration stays
	@if [ ! -f '$(BIN)' ]; then
		echo "make: there is no $(BIN) yet: run 'make build' first (it need not be root)" >&2
		exit 1
	fi
	root='$(DESTDIR)'
	etc="$$root$(SYSCONFDIR)"
	install -d "$$root$(SBINDIR)" "$$root$(BINDIR)" "$$root$(MANDIR)/man5" "$$root$(MANDIR)/man8" \
		"$$etc/keepalived/samples" "$$etc/rc.d/init.d" "$$etc/sysconfig"
	install -m 755 '$(BIN)' "$$root$(SBINDIR)/holdfast"
	install -m 644 board/common/holdfast.8 "$$root$(MANDIR)/man8/holdfast.8"
	install -m 644 board/common/holdfast.conf.5 "$$root$(MANDIR)/man5/holdfast.conf.5"
	install -m 644 board/common/samples/* "$$etc/keepalived/samples/"
	# A file that someone may have changed, or that belongs to another program, stays.
	keep() {
		if [ -e "$$3" ] || [ -L "$$3" ]; then
			cmp -s "$$2" "$$3" || echo "kept: $$3"
		else
			install -m "$$1" "$$2" "$$3"
		fi
	}
	link() {
		if [ -e "$$2" ] || [ -L "$$2" ]; then
			[ "$$(readlink "$$2")" = "$$1" ] || echo "kept: $$2 (another program; call holdfast by its own name)"
		else
			ln -s "$$1" "$$2"
		fi
	}
	keep 640 board/common/keepalived.conf "$$etc/keepalived/keepalived.conf"
	keep 644 board/common/keepalived.sysconfig "$$etc/sysconfig/keepalived"
	init="$$etc/rc.d/init.d/keepalived"
	if [ -e "$$init" ] && ! grep -q holdfast "$$init"; then
		echo "kept: $$init (another program's)"
	else
		sed -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
			board/redhat/keepalived.init > "$$init.new"
		chmod 755 "$$init.new"
		mv "$$init.new" "$$init"
	fi
	link holdfast "$$root$(SBINDIR)/keepalived"
	link '$(SBINDIR)/holdfast' "$$root$(BINDIR)/genhash"
	link holdfast.8 "$$root$(MANDIR)/man8/keepalived.8"
	link holdfast.conf.5 "$$root$(MANDIR)/man5/keepalived.conf.5"
	echo "installed: $$root$(SBINDIR)/holdfast; configuration: $$etc/keepalived/keepalived.conf"
	if [ '$(SYSCONFDIR)' != /etc ]; then
		echo "holdfast reads /etc/keepalived/keepalived.conf: copy or link it there, or start with -f"
	fi

uninstall: ## remove it again; a changed configuration stays
	@root='$(DESTDIR)'
	etc="$$root$(SYSCONFDIR)"
	unlink_ours() {
		if [ "$$(readlink "$$2")" = "$$1" ]; then rm -f "$$2"; fi
	}
	unlink_ours holdfast "$$root$(SBINDIR)/keepalived"
	unlink_ours '$(SBINDIR)/holdfast' "$$root$(BINDIR)/genhash"
	unlink_ours holdfast.8 "$$root$(MANDIR)/man8/keepalived.8"
	unlink_ours holdfast.conf.5 "$$root$(MANDIR)/man5/keepalived.conf.5"
	rm -f "$$root$(SBINDIR)/holdfast" "$$root$(MANDIR)/man8/holdfast.8" "$$root$(MANDIR)/man5/holdfast.conf.5"
	for sample in board/common/samples/*; do
		rm -f "$$etc/keepalived/samples/$${sample##*/}"
	done
	remove_unchanged() {
		if cmp -s "$$1" "$$2"; then rm -f "$$2"; elif [ -e "$$2" ]; then echo "kept: $$2"; fi
	}
	remove_unchanged board/common/keepalived.conf "$$etc/keepalived/keepalived.conf"
	remove_unchanged board/common/keepalived.sysconfig "$$etc/sysconfig/keepalived"
	init="$$etc/rc.d/init.d/keepalived"
	if grep -q holdfast "$$init" 2>/dev/null; then rm -f "$$init"; fi
	rmdir "$$etc/keepalived/samples" "$$etc/keepalived" 2>/dev/null || true

demo: build ## two routers and a client: watch an address survive its master
	@sh tests/deps.sh demo
	HOLDFAST_BIN="$$(realpath '$(BIN)')" $(CARGO) run --release --locked --quiet --example demo

check: ## formatting, lints, the law of the house
	@sh tests/deps.sh check
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) test --locked --quiet --test layers

test: ## every test (as root on Debian it installs what it needs)
	@sh tests/deps.sh test
	$(CARGO) test --locked

vm: ## the tests that need a kernel of their own (User Mode Linux)
	@sh tests/deps.sh vm
	$(CARGO) test --locked --test vm

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
