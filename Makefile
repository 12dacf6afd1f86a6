# libbatv. `make` builds, `make demo` shows what it does, `make test` runs every test.

CARGO ?= cargo

build:
	$(CARGO) build --release --workspace --exclude batv-bench

demo:
	tests/demo/run

test:
	tests/run

bench:
	tests/bench/run.py

# `make install` takes what `make build` has built. Files go below $(DESTDIR); PREFIX is where
# they will be found.
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
SHARE = $(DESTDIR)$(PREFIX)/share
BUILT = $(or $(CARGO_TARGET_DIR),target)/release
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
BASH_COMPLETION = $(SHARE)/bash-completion/completions/batv
ZSH_COMPLETION = $(SHARE)/zsh/site-functions/_batv
FISH_COMPLETION = $(SHARE)/fish/vendor_completions.d/batv.fish

install:
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(SHARE)/man/man3 $(SHARE)/doc/batv $(dir $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION))
	install -m 755 $(BUILT)/libbatv.so $(DESTDIR)$(LIBDIR)/libbatv.so.$(VERSION)
	ln -sf libbatv.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbatv.so.0
	ln -sf libbatv.so.0 $(DESTDIR)$(LIBDIR)/libbatv.so
	install -m 644 $(BUILT)/libbatv.a $(DESTDIR)$(LIBDIR)/libbatv.a
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' batv-ffi/batv.pc.in \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/batv.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/batv.pc
	install -m 644 include/batv.h $(DESTDIR)$(PREFIX)/include/batv.h
	install -m 644 batv-ffi/libbatv.3 $(SHARE)/man/man3/libbatv.3
	install -m 644 docs/batv.toml $(SHARE)/doc/batv/batv.toml
	install -m 755 $(BUILT)/batv $(DESTDIR)$(PREFIX)/bin/batv
	$(BUILT)/batv generate man $(SHARE)/man/man1
	$(BUILT)/batv generate bash >$(BASH_COMPLETION)
	$(BUILT)/batv generate zsh >$(ZSH_COMPLETION)
	$(BUILT)/batv generate fish >$(FISH_COMPLETION)

uninstall:
	rm -f $(DESTDIR)$(LIBDIR)/libbatv.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbatv.so.0 \
		$(DESTDIR)$(LIBDIR)/libbatv.so $(DESTDIR)$(LIBDIR)/libbatv.a \
		$(DESTDIR)$(LIBDIR)/pkgconfig/batv.pc $(DESTDIR)$(PREFIX)/include/batv.h \
		$(SHARE)/man/man3/libbatv.3 $(DESTDIR)$(PREFIX)/bin/batv \
		$(SHARE)/man/man1/batv.1 $(SHARE)/man/man1/batv-*.1 $(SHARE)/doc/batv/batv.toml \
		$(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)

clean:
	$(CARGO) clean

.PHONY: build demo test bench install uninstall clean
