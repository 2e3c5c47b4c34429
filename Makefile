# Every target makes what it needs; a fresh clone starts with `make rehearse`.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN    := .venv/bin
KW     := $(BIN)/kernelwright
export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help notebook wheels rehearse test test-full test-versions fuzz dist check push bench bench-accuracy mini run train clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

notebook: .venv/ready ## build the notebook from kernel_src/
	$(KW) build

wheels: .venv/ready ## lock, fetch and carry what Kaggle's image lacks: build/wheels
	$(KW) wheels

rehearse: .venv/ready mini ## build it, run it offline as Kaggle will, show the scores
	$(KW) rehearse

run: .venv/ready mini ## the same modules without a notebook: build/run/submission.csv
	@mkdir -p build/run
	cd build/run && KERNELWRIGHT_INPUT=../mini ../../$(BIN)/python ../../kernel_src/main.py

train: .venv/ready mini ## train the network on the mini dataset, in minutes: build/train, curves in curves.svg
	@! grep -qs '"complete": true' build/train/record.json || rm -rf build/train
	@mkdir -p build/train
	cd build/train && KERNELWRIGHT_INPUT=../mini ../../$(BIN)/python ../../kernel_src/train.py

mini: .venv/ready ## make the mini dataset in build/mini (cached)
	@$(BIN)/python -m tests.mini

# Neighbours share fixtures and imports: a worker keeps a stretch of them until another has nothing left to do.
test: .venv/ready mini ## the tests
	$(BIN)/python -m pytest -q -n 3 --dist worksteal

test-full: .venv/scale mini ## the tests, with those too heavy for every day
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "full or not full"

SMOKE = $(shell grep -rl --include='test_*.py' 'mark\.smoke' tests)

test-versions: .venv/ready ## a small part of the tests, with the newest and with the lowest versions of all dependencies
	@for which in highest lowest-direct; do \
	  echo "== $$which" && \
	  $(BIN)/uv venv --quiet --clear --python $(BIN)/python build/versions/$$which && \
	  $(BIN)/uv pip install --quiet --python build/versions/$$which --resolution $$which -e '.[ship]' && \
	  $(BIN)/uv pip install --quiet --python build/versions/$$which pytest pytest-xdist hypothesis && \
	  build/versions/$$which/bin/python -m pytest -q -n 2 -p no:cacheprovider -m smoke $(SMOKE) || exit 1; \
	done

fuzz: .venv/ready ## 100,000 damaged inputs for the parsers of what others write
	PYTHONPATH=kernel_src nice $(BIN)/python -m tests.fuzz --images

dist: .venv/ready ## a wheel of kernelwright, to install for your own project: dist/
	$(BIN)/uv build --quiet --wheel --clear --out-dir dist --python $(BIN)/python
	@ls dist/*.whl

check: .venv/ready ## ruff, mypy --strict, and what would be wrong with a push
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=kernel_src:. $(BIN)/lint-imports --no-cache
	$(KW) check

push: .venv/ready mini ## rehearse it unless that is done, push it to Kaggle, follow it, fetch its output
	$(KW) wheels
	@$(KW) push --dry-run --skip-rehearsal > /dev/null # what else would stop it is said before the rehearsal
	@$(KW) check --push > /dev/null || $(KW) rehearse
	$(KW) push --wait

bench: .venv/ready mini ## measure, as ratios: build/bench/*.json; make bench COMPARE=FOLDER against earlier ones
	$(BIN)/python -m benchmarks $(if $(COMPARE),--compare $(COMPARE))

bench-accuracy: .venv/ready ## how right the recognition is, by ingredient, on a bed of 4,280 small photographs: build/accuracy/gains.json
	$(BIN)/python -m benchmarks.accuracy

clean: ## remove build/
	rm -rf build dist

# uv installs, pip would take several times as long; bytecode is compiled once
# because a cold import of tensorflow takes longer than the notebook.
.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11: apt-get install python3.11 python3.11-venv, or make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make an environment: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[kernel,dev]'
	@touch $@

# Ray is large, and only what builds an index with several workers needs it.
.venv/scale: .venv/ready
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[kernel,dev,scale]'
	@touch $@
