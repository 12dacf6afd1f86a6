# libbatv. `make` builds, `make check` tests what is built, `make demo` shows what it does, and
# `make test` runs every test.

CARGO ?= cargo
# For another machine: TARGET=aarch64-unknown-linux-gnu, and CC, LD, NM, AR and OBJCOPY for it.
TARGET ?=
BUILD = $(or $(CARGO_TARGET_DIR),target)
FOR_TARGET = $(if $(TARGET),--target $(TARGET))
TARGET_BUILD = $(BUILD)$(if $(TARGET),/$(TARGET))
LIBRARY = $(TARGET_BUILD)/library/linked
GENERATED = $(BUILD)/generated
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
# Panics name source files; those of the machine that builds are nobody's business.
REMAP = --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo --remap-path-prefix=$(CURDIR)=batv \
	--remap-path-prefix=$(shell rustc --print sysroot)/lib/rustlib/src/rust=rust

build: library programs generated

# An older Cargo says of Cargo.toml only that it cannot read it.
RUST = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
rust:
	@found=$$($(CARGO) --version 2>/dev/null) || found='0 no cargo'; \
	[ -z "$$found" ] || printf 'cargo %s\n%s\n' $(RUST) "$$found" | LC_ALL=C sort -C -V || { \
		echo "libbatv needs Rust $(RUST) or later, but found: $${found#0 }" >&2; \
		echo "Debian 13 has it: apt-get install cargo. For others: https://rustup.rs" >&2; exit 1; }

# libbatv.so and libbatv.a.
library: rust
	RUSTFLAGS="$(RUSTFLAGS) $(REMAP)" $(CARGO) build --locked --profile library --package batv-ffi $(FOR_TARGET)
	batv-ffi/link $(TARGET_BUILD)/library/libbatv.a $(LIBRARY) $(VERSION)

programs: rust
	$(CARGO) build --locked --release --package batv-cli --package batv-milter $(FOR_TARGET)

# Manual pages and completions. The command writes its own, on the machine that builds.
generated: rust
	$(CARGO) build --locked --release --package batv-cli --package batv-milter
	rm -rf $(GENERATED)
	mkdir -p $(GENERATED)
	$(BUILD)/release/batv generate man $(GENERATED)
	awk -v folder=$(GENERATED) -v date="$$(sed -n 's/^\.Dd //p' batv-ffi/libbatv.3)" \
		-f batv-ffi/man.awk include/batv.h include/batv_exim.h
	$(BUILD)/release/batv generate bash >$(GENERATED)/batv.bash
	$(BUILD)/release/batv generate zsh >$(GENERATED)/_batv
	$(BUILD)/release/batv generate fish >$(GENERATED)/batv.fish

# What distributions run: without a network, with what is there.
check:
	$(CARGO) test --locked --offline --workspace --exclude batv-bench

demo:
	tests/demo/run

test:
	tests/run

# Fuzzes each target for ten minutes, or for FUZZ_SECONDS.
fuzz:
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) tests/run set-up fuzz

bench:
	tests/bench/run.py

# What a release consists of, below target/dist. `packaging/dist.py source` makes a part of it.
dist:
	packaging/dist.py

# Reads the packages with lintian, builds the source archive in Debian 13, and installs, uses and purges the
# packages in Debian 12 and 13: in folders, as root.
dist-check:
	tests/dist/run.py

# What crates must be before they are published.
crates:
	packaging/crates

# `make install` copies what `make` has built. Files go below $(DESTDIR); the others say where they
# will be found.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/batv
SYSTEMDDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
INSTALL_FILE = install -D -m 644

install:
	umask 022 && \
	install -D -m 755 $(TARGET_BUILD)/release/batv $(DESTDIR)$(BINDIR)/batv && \
	install -D -m 755 $(TARGET_BUILD)/release/batv-milter $(DESTDIR)$(SBINDIR)/batv-milter && \
	install -D -m 755 $(LIBRARY)/libbatv.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbatv.so.$(VERSION) && \
	ln -sf libbatv.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbatv.so.0 && \
	ln -sf libbatv.so.0 $(DESTDIR)$(LIBDIR)/libbatv.so && \
	$(INSTALL_FILE) -t $(DESTDIR)$(LIBDIR) $(LIBRARY)/libbatv.a && \
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		batv-ffi/batv.pc.in >$(LIBRARY)/batv.pc && \
	$(INSTALL_FILE) -t $(DESTDIR)$(LIBDIR)/pkgconfig $(LIBRARY)/batv.pc && \
	$(INSTALL_FILE) -t $(DESTDIR)$(INCLUDEDIR) include/batv.h include/batv_exim.h && \
	$(INSTALL_FILE) -t $(DESTDIR)$(MANDIR)/man3 batv-ffi/libbatv.3 $(GENERATED)/*.3 && \
	$(INSTALL_FILE) -t $(DESTDIR)$(MANDIR)/man1 $(GENERATED)/*.1 && \
	$(INSTALL_FILE) -t $(DESTDIR)$(MANDIR)/man5 docs/batv.toml.5 && \
	$(INSTALL_FILE) -t $(DESTDIR)$(MANDIR)/man8 batv-milter/batv-milter.8 && \
	sed 's|@SBINDIR@|$(SBINDIR)|' batv-milter/systemd/batv-milter.service >$(GENERATED)/batv-milter.service && \
	sed 's|@BINDIR@|$(BINDIR)|' batv-cli/systemd/batv-keys@.service >$(GENERATED)/batv-keys@.service && \
	$(INSTALL_FILE) -t $(DESTDIR)$(SYSTEMDDIR) $(GENERATED)/batv-milter.service \
		$(GENERATED)/batv-keys@.service batv-cli/systemd/batv-rotate.timer batv-cli/systemd/batv-prune.timer && \
	$(INSTALL_FILE) batv-milter/systemd/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/batv.conf && \
	$(INSTALL_FILE) batv-milter/systemd/tmpfiles.conf $(DESTDIR)$(TMPFILESDIR)/batv.conf && \
	$(INSTALL_FILE) batv-milter/systemd/tmpfiles-postfix.conf $(DESTDIR)$(TMPFILESDIR)/batv-postfix.conf && \
	$(INSTALL_FILE) -t $(DESTDIR)$(DATADIR)/batv batv-milter/postfix/batv_strip.pcre && \
	$(INSTALL_FILE) -t $(DESTDIR)$(DOCDIR) docs/batv.toml LICENSE-APACHE LICENSE-MIT && \
	$(INSTALL_FILE) $(GENERATED)/batv.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/batv && \
	$(INSTALL_FILE) -t $(DESTDIR)$(DATADIR)/zsh/site-functions $(GENERATED)/_batv && \
	$(INSTALL_FILE) -t $(DESTDIR)$(DATADIR)/fish/vendor_completions.d $(GENERATED)/batv.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/batv $(DESTDIR)$(SBINDIR)/batv-milter \
		$(DESTDIR)$(LIBDIR)/libbatv.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbatv.so.0 \
		$(DESTDIR)$(LIBDIR)/libbatv.so $(DESTDIR)$(LIBDIR)/libbatv.a \
		$(DESTDIR)$(LIBDIR)/pkgconfig/batv.pc $(DESTDIR)$(INCLUDEDIR)/batv.h \
		$(DESTDIR)$(INCLUDEDIR)/batv_exim.h \
		$(DESTDIR)$(MANDIR)/man3/libbatv.3 $(DESTDIR)$(MANDIR)/man3/batv_*.3 \
		$(DESTDIR)$(MANDIR)/man1/batv.1 $(DESTDIR)$(MANDIR)/man1/batv-*.1 \
		$(DESTDIR)$(MANDIR)/man5/batv.toml.5 $(DESTDIR)$(MANDIR)/man8/batv-milter.8 \
		$(DESTDIR)$(SYSTEMDDIR)/batv-milter.service $(DESTDIR)$(SYSTEMDDIR)/batv-keys@.service \
		$(DESTDIR)$(SYSTEMDDIR)/batv-rotate.timer $(DESTDIR)$(SYSTEMDDIR)/batv-prune.timer $(DESTDIR)$(SYSUSERSDIR)/batv.conf \
		$(DESTDIR)$(TMPFILESDIR)/batv.conf $(DESTDIR)$(TMPFILESDIR)/batv-postfix.conf \
		$(DESTDIR)$(DATADIR)/batv/batv_strip.pcre \
		$(DESTDIR)$(DOCDIR)/batv.toml $(DESTDIR)$(DOCDIR)/LICENSE-APACHE $(DESTDIR)$(DOCDIR)/LICENSE-MIT \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/batv \
		$(DESTDIR)$(DATADIR)/zsh/site-functions/_batv \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/batv.fish

clean:
	$(CARGO) clean

.PHONY: fuzz build rust library programs generated check demo test bench dist dist-check crates install uninstall clean
