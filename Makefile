# Everything a newcomer, a reviewer and CI run. `make run` and `make test` are all that is needed.
.PHONY: web build run test lint bench interop fuzz screens clean

web: ## the web apps, into web/dist, from where the build puts them into the program; nothing where nothing changed
	@bash ci/web.sh

build: web ## the release binary
	cargo build --release --locked -p countersign-cli

run: build ## build and start the whole stack on http://127.0.0.1:8080
	./target/release/countersign dev

test: ## the whole suite; installs what it needs when run as root, names what it skips otherwise
	@bash ci/test.sh

lint: ## format, clippy with warnings denied, lock files, licences, sources and floors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	python3 ci/dependencies.py

bench: ## the benchmarks, each as a ratio in one run
	bash bench/run.sh

interop: web ## other people's clients and validators against a running service
	cargo build --locked --workspace --bins
	bash interop/run.sh $(CURDIR)/target/debug/countersign

fuzz: ## one minute of the processor for each fuzz target (a C++ compiler)
	bash ci/fuzz.sh

screens: web ## screenshots of every page at phone and desktop width, into target/screens
	cargo build --locked --workspace --bins
	bash ci/browser.sh $(CURDIR)/target/debug/countersign
	bash ci/screens.sh

clean:
	cargo clean
