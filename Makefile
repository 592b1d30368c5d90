# Each target does its own set-up and is one command on a fresh machine with Rust.

CARGO       ?= cargo
GOLDEN      ?=
DIR         ?=
PREFIX      ?= /usr
UNITS       ?= /usr/lib/systemd/system
BIN         ?= target/release
CONFORMANCE ?= $(GOLDEN)/../conformance/conformance.py
# What the tests run besides Rust: a PostgreSQL server, four readers of ZIP files, the HTTP client of the docs, and what
# docs/readers.md names.
PACKAGES    := postgresql openssl openssh-client unzip python3 php-cli php-zip libarchive-tools curl jq \
               python3-venv sqlite3 miller mariadb-server-core mariadb-client-core systemd

READERS     := target/readers

.PHONY: demo test readers test-api openapi check bench conformance faults packages install install-files deb deny changelog release

demo: ## build, then export a made-up database through the real daemon
	$(CARGO) build --profile demo --locked --bin orgvault --bin orgvaultd
	target/demo/orgvault demo

test: packages readers ## every test; starts its own throw-away PostgreSQL servers
	$(CARGO) test --workspace --locked --no-fail-fast

readers: $(READERS)/installed ## what reads archives in tests, from PyPI

$(READERS)/installed: scripts/readers.txt
	test -x $(READERS)/bin/python3 || python3 -m venv $(READERS)
	$(READERS)/bin/pip install --quiet --disable-pip-version-check --requirement scripts/readers.txt
	touch $@

test-api: ## the API from outside: schemathesis (from PyPI), and Asana's official clients (from PyPI and npm)
	@scripts/packages.sh nodejs npm
	$(CARGO) build --locked
	test -x target/test-api/bin/schemathesis || python3 -m venv target/test-api
	target/test-api/bin/pip install --quiet --requirement scripts/test-api.txt
	npm install --silent --no-save --prefix target/test-api $$(cat scripts/test-api.npm.txt)
	python3 scripts/test-api.py --bin target/debug --venv target/test-api

openapi: ## write docs/openapi.json anew from the code
	$(CARGO) run --locked --bin orgvaultd -- openapi > target/openapi.json
	mv target/openapi.json docs/openapi.json

check: ## formatting, lints, documentation, systemd units
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	scripts/changelog.py --check
	DRY_RUN=1 scripts/release.sh
	@scripts/packages.sh systemd
	$(CARGO) build --locked --bin orgvaultd
	scripts/units.sh target/debug/orgvaultd

bench: packages ## speed and memory, as a table of ratios within one run
	$(CARGO) build --release --locked
	python3 scripts/bench --bin target/release

conformance: packages ## compare with what the products themselves export: make conformance GOLDEN=DIR
	@test -n "$(GOLDEN)" || { echo "say where the golden files are: make conformance GOLDEN=DIR" >&2; exit 2; }
	$(CARGO) build --release --locked
	python3 $(CONFORMANCE) --bin target/release --data $(GOLDEN)

faults: packages ## inputs that failed once, a script each: make faults DIR=DIR
	@test -n "$(DIR)" || { echo "say where the scripts are: make faults DIR=DIR" >&2; exit 2; }
	$(CARGO) build --release --locked
	scripts/faults.sh $(DIR) target/release

install: ## both programs and all that systemd needs: make install [DESTDIR=..] [PREFIX=/usr/local]
	$(CARGO) build --release --locked
	$(MAKE) install-files

install-files:
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BIN)/orgvaultd $(BIN)/orgvault
	install -d $(DESTDIR)$(UNITS)
	sed 's|/usr/bin/orgvaultd|$(PREFIX)/bin/orgvaultd|' systemd/orgvaultd.service >$(DESTDIR)$(UNITS)/orgvaultd.service
	install -m 644 -t $(DESTDIR)$(UNITS) systemd/orgvaultd.socket
	install -D -m 644 systemd/orgvault.sysusers $(DESTDIR)/usr/lib/sysusers.d/orgvault.conf
	install -D -m 644 systemd/orgvault.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/orgvault.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/orgvault config.example.toml docs/*.md
	test -e $(DESTDIR)/etc/orgvault/config.toml || install -D -m 640 config.example.toml $(DESTDIR)/etc/orgvault/config.toml

deb: ## a Debian package, in target/debian
	@scripts/packages.sh dpkg-dev
	$(CARGO) build --release --locked --bins
	scripts/deb.sh $(BIN) target/debian

deny: ## licences, bans and known advisories of what is built in, without network
	@scripts/advisories.sh

changelog: ## write CHANGELOG.md anew from changelog.d
	scripts/changelog.py

release: ## all checks, then a tag, the package and its sums: make release [DRY_RUN=1]
	DRY_RUN=$(DRY_RUN) scripts/release.sh

packages:
	@scripts/packages.sh $(PACKAGES)
