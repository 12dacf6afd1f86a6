# libbatv. `make` builds, `make demo` shows what it does, `make test` runs every test.

CARGO ?= cargo

build:
	$(CARGO) build --release --workspace

demo:
	tests/demo/run

test:
	tests/run

bench:
	tests/bench/run

clean:
	$(CARGO) clean

.PHONY: build demo test bench clean
