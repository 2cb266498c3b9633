# Each target works on a fresh clone: it makes .venv first, and only once.

PYTHON ?= python3
PAGE ?= examples/page.txt
EXTRA ?=
BIN := .venv/bin

.PHONY: run test lint train evaluate tune counts check-data floors

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

test: .venv/test ## runs the whole suite
	$(BIN)/python -m pytest --cov=segmenter --cov=training --cov-report=term

lint: .venv/test ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: .venv/test ## fits the packaged model from datasets/ (and EXTRA=corrections.jsonl)
	$(BIN)/python -m training.fit $(if $(EXTRA),--extra $(EXTRA))
	$(BIN)/python -m training.article

evaluate: .venv/test ## figures by leave-one-writer-out, as reports/evaluation.html and .json
	$(BIN)/python -m training.evaluate

tune: .venv/test ## the search that chose the settings, again
	$(BIN)/python -m training.tune

floors: .venv/test ## fails when accuracy has sunk under its recorded floors
	$(BIN)/python -m training.floors

counts: .venv/test ## counts public text: CORPORA=folder with the files of datasets/counts/sources.json
	$(BIN)/pip install --quiet --disable-pip-version-check 'trafilatura>=2.0'
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

bench: .venv/bench ## speed beside scikit-learn and fastText, as benchmarks/RESULTS.md and .svg
	$(BIN)/python -m benchmarks.speed --train
