# Each target works on a fresh clone: it makes .venv first, and only once.

PYTHON ?= python3
PAGE ?= examples/page.txt
EXTRA ?=
LABELS ?=
PAGES ?=
MODEL ?= own.npz
EXPORT ?=
BIN := .venv/bin

.PHONY: run test coverage test-faults test-integrations test-browser lint train evaluate tune counts \
	check-data floors bench bench-check bench-archive docs man release-check

.venv/run: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[html]'
	@touch $@

.venv/test: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[html,test]'
	@touch $@ .venv/run

run: .venv/run ## labels an example page, or PAGE=path
	@$(BIN)/segmenter label $(PAGE)

test: .venv/test ## runs the whole suite, in two processes
	$(BIN)/python -m pytest -n 2 --dist loadfile

coverage: .venv/test ## runs the whole suite, and tells which lines no test runs
	$(BIN)/python -m pytest --cov=segmenter --cov=training --cov-report=term-missing

.venv/integrations: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[integrations-test]'
	@touch $@ .venv/test .venv/run

test-integrations: .venv/integrations ## against datasets, Ray, Spark, spaCy and the like; runs docs/
	@command -v java >/dev/null || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || \
		{ apt-get update -qq && apt-get install -y -qq default-jre-headless; } >/dev/null
	$(BIN)/python -m pytest -m integrations tests/integrations docs/integrations tests/archive

.venv/browser: pyproject.toml .venv/test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

test-browser: .venv/browser ## runs the review in Debian's Chromium, which root has installed if need be
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qq -y chromium fonts-dejavu-core; } || \
		{ echo "test-browser needs Debian's chromium: apt-get install chromium" >&2; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

test-faults: .venv/test ## kills the batch job 50 times in each format, on 5,000 pages
	$(BIN)/python -m tests.faults --kills 50 --pages 5000

lint: .venv/test ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ifeq ($(LABELS),)
train: .venv/test ## fits the packaged model from datasets/ (and EXTRA=corrections.jsonl, EXPORT=pipeline.skops)
	$(BIN)/python -m training.fit $(if $(EXTRA),--extra $(EXTRA)) $(if $(EXPORT),--export '$(EXPORT)')
	$(BIN)/python -m training.article
else
train: .venv/test ## with LABELS=file or a,b,c: fits MODEL=own.npz, on PAGES=pages.jsonl or datasets/
	$(BIN)/python -m training.own_labels --labels '$(LABELS)' --output '$(MODEL)' \
		$(if $(PAGES),--pages '$(PAGES)') $(if $(EXTRA),--extra '$(EXTRA)')
endif

evaluate: .venv/test ## figures by leave-one-writer-out, as reports/evaluation.html and .json
	$(BIN)/python -m training.evaluate

tune: .venv/test ## the search that chose the settings, again
	$(BIN)/python -m training.tune

floors: .venv/test ## fails when accuracy has sunk under its recorded floors
	$(BIN)/python -m training.floors

counts: .venv/test ## counts public text: CORPORA=folder with the files of datasets/counts/sources.json
	$(BIN)/pip install --quiet --disable-pip-version-check 'trafilatura>=2.0' 'resiliparse>=0.15' lxml_html_clean
	$(BIN)/python -m training.counts --corpora $(CORPORA)
	$(BIN)/python -m training.markup_counts --corpora $(CORPORA)

check-data: .venv/test ## checks the labelled pages and prints the coverage tables
	$(BIN)/python -m training.check_data

.venv/bench: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# Older versions of pip fail on lxml's extra, which two of the peers spell in two ways.
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

bench-archive: .venv/bench ## the batch job beside FastWARC and trafilatura: CORPORA=folder
	$(BIN)/python -m benchmarks.archive --corpora $(CORPORA)

bench: .venv/bench ## speed beside scikit-learn and fastText, as benchmarks/RESULTS.md and .svg
	$(BIN)/python -m benchmarks.speed --train

bench-check: .venv/test ## fails when the ratio to scikit-learn fell under 60% of its recorded value
	$(BIN)/python -m benchmarks.speed --check

docs: .venv/test ## the documentation as site/, every warning an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

man: .venv/test ## the manual pages in man/, from the commands
	$(BIN)/python -m publishing.manual

release-check: .venv/test ## builds, checks and installs what would be released, into dist/
	$(BIN)/python -m publishing.release
