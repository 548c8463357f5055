# make serve   read the book: environment, site, a server on this machine
# make test    pass its tests
# The README says the same in plain commands.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
SITE := _build/html
STRICT :=
BOOK_SOURCES := _config.yml $(wildcard book/*.ipynb book/*.md book/*.bib book/*.yml book/_static/* book/_extra/* book/_ext/*) \
	$(wildcard book/_ext/*.py book/_ext/templates/*.html book/_ext/templates/static/*.html)
LIBRARY_FILES := $(shell find vae_lib -name __pycache__ -prune -o -type f ! -name '*.test.js' -print)

SCRIPTS := $(shell find vae_lib tests book/_static book/_extra -name '*.js' -o -name '*.mjs')
export DENO_NO_UPDATE_CHECK := 1

.PHONY: serve test lint unit notebooks library site links archive pdf models bench picture constraints clean help

help:
	@sed -n '1,3p' Makefile

serve: site
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2> /dev/null || \
		{ echo "Port $(PORT) cannot be used: make serve PORT=8080"; exit 1; }
	@echo "Reading room: http://127.0.0.1:$(PORT)/  (Ctrl-C closes it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

test: lint notebooks unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/nbstripout --keep-id --verify book/*.ipynb
	$(BIN)/mypy
	$(BIN)/deno fmt --check --quiet
	$(BIN)/deno lint --quiet
	$(BIN)/deno check --quiet --no-remote $(SCRIPTS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --no-progress --quiet .github/workflows

unit: STRICT := -W
unit: $(VENV)/.test site
	VAE_BOOK_SITE=$(SITE) $(BIN)/python -m pytest -n 6 --dist loadgroup tests

# Where there is no browser.
library: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 tests --ignore tests/site

notebooks: $(VENV)/.test
	$(BIN)/python -m pytest --nbval-lax -n 2 --dist loadscope book

site: $(SITE)/.done

# Jupyter Book keeps an executed notebook until its cells change; a change in vae_lib or in the pinned versions has to
# throw it away. The stamp has a digest of these in its name, so that in a fresh checkout a cache that was restored still
# counts. A build that fails is thrown away too, or the next one would pass over its warnings in silence.
LIBRARY := _build/library-$(shell cat $(sort $(LIBRARY_FILES)) constraints.txt | cksum | tr ' ' '-')

$(SITE)/.done: $(BOOK_SOURCES) $(LIBRARY) | $(VENV)/.reader
	$(BIN)/python tools/execute.py
	$(BIN)/jupyter-book build book --config _config.yml -n --keep-going $(STRICT) || { rm -rf _build/.doctrees; exit 1; }
	@touch $@

$(LIBRARY):
	rm -rf _build/.jupyter_cache _build/.doctrees _build/library-*
	mkdir -p _build
	@touch $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or later is needed, $(PYTHON) is older: make PYTHON=/path/to/python3"; exit 1; }
	$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.reader: requirements.txt pyproject.toml | $(VENV)/.python
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/.reader
	$(BIN)/python -m pip install -r requirements.txt -e '.[test]'
	@touch $@

# Follows the links that lead to other sites.
links: $(VENV)/.reader
	$(BIN)/jupyter-book build book --config _config.yml --builder linkcheck

# The site as one file, to be unpacked and served on a laptop.
archive: site
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --exclude=.done --exclude=.buildinfo \
		--transform 's,^html,vae-book,;s,^archive,vae-book/READ-ME,' \
		-c -C $(SITE)/.. html -C $(CURDIR)/tools archive.txt | gzip -n > _build/vae-book.tar.gz
	@echo "_build/vae-book.tar.gz: unpack it, and see READ-ME.txt in it"

# The book as one PDF, printed by Chromium.
pdf: $(VENV)/.test site
	$(BIN)/python tools/pdf.py $(SITE) _build/vae-book.pdf
	@echo "_build/vae-book.pdf"

# The models that ship, from their data (MNIST is downloaded, or read from VAE_LIB_DATA). How long each took
# stands in its record.
models: $(VENV)/.reader
	$(BIN)/python -m vae_lib train --data digits --hidden 128 64 --batch-size 64 --epochs 400 --patience 40 --force --out vae_lib/models/digits-2
	$(BIN)/python -m vae_lib train --data mnist --hidden 128 64 --sigma 0.4 --batch-size 256 --epochs 120 --patience 20 --bits 8 --force --out vae_lib/models/mnist-2
	$(BIN)/python tools/mnist_examples.py
	$(BIN)/python -m vae_lib train --autoencoder --data mnist --hidden 128 64 --sigma 0.4 --batch-size 256 --epochs 120 --patience 20 --force --out vae_lib/models/mnist-plain-2
	$(BIN)/python -m vae_lib train --data mnist --latent-dim 10 --hidden 240 120 --sigma 0.2 --lr 0.002 --batch-size 256 --epochs 120 --patience 20 --force --out vae_lib/models/mnist-10
	$(BIN)/python -m vae_lib train --data mnist --latent-dim 20 --hidden 240 120 --sigma 0.2 --lr 0.002 --batch-size 256 --epochs 120 --patience 20 --force --out vae_lib/models/mnist-20
	$(BIN)/python -m vae_lib train --data digits --latent-dim 12 --hidden 64 32 --lr 0.003 --epochs 400 --patience 30 --bits 8 --force --out vae_lib/models/digits-12
	$(BIN)/python -m vae_lib series --over beta --values 0.01 0.03 0.1 0.3 1 3 10 20 40 --sigma 0.16 --hidden 48 24 --batch-size 64 --lr 0.005 --bits 8 --force --out vae_lib/models/digits-betas
	$(BIN)/python -m vae_lib series --over epoch --values 0 1 2 3 5 8 12 18 27 40 60 90 150 300 --sigma 0.16 --hidden 48 24 --batch-size 64 --lr 0.005 --bits 8 --force --out vae_lib/models/digits-epochs

# How fast training is beside its peers: half an hour on two quiet cores, on MNIST (VAE_LIB_DATA, or downloaded). pythae
# runs too where it is installed; no other part of the project needs it.
bench: $(VENV)/.reader
	$(BIN)/python benchmarks/train.py

# The README's picture, from the built site.
picture: $(VENV)/.test site
	$(BIN)/python tools/preview.py $(SITE) book/_static/preview.png

# Pin what the tests just ran with.
constraints: $(VENV)/.test
	$(BIN)/python -m pip freeze --exclude-editable > constraints.new
	grep -v ' @ ' constraints.new | sed -E 's/\+(cpu|cu[0-9]+)$$//' > constraints.txt
	@rm constraints.new

clean:
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
