# Two commands: `make run` answers the core questions, `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Training and tests set their own threads; everything else must not oversubscribe the machine either.
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install run test lint types imports pytest test-slurm test-processors test-browser test-package audit chaos gpu gpu-wheels docs pages screen bench results questions clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s:

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit("ablate needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make PYTHON=python3.12 …" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@$(BIN)/pyright --version > /dev/null  # fetches its own node package: the last thing that needs a network
	@touch $@ $(VENV)/.installed

install: $(VENV)/.installed ## makes .venv and installs ablate into it

run: $(VENV)/.installed ## trains what is missing of study=core, then prints its tables
	@$(BIN)/ablate run

test: lint types imports pytest ## linters, types, import contract, and the whole test suite, which executes the documentation

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/pyright

imports: $(VENV)/.installed-test
	$(BIN)/lint-imports

pytest: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal

# IF_POSSIBLE=1: it is no failure where what the tests need cannot be installed or started. Then their scripts exit with 77.
IF_POSSIBLE ?=
OR_IMPOSSIBLE = || { code=$$?; [ $$code = 77 ] && [ -n "$(IF_POSSIBLE)" ] || exit $$code; }

test-slurm: $(VENV)/.installed-test ## the engines' contract and the tests of engine=slurm on a Slurm of one node, which it installs and starts (as root)
	@tests/slurm/one_node $(BIN)/python -m pytest -n 0 -m slurm $(OR_IMPOSSIBLE)

audit: $(VENV)/.installed-test ## known vulnerabilities of the packages in constraints.txt, by pip-audit; says so where it does not reach its data
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[audit]' || echo "pip-audit could not be installed." >&2
	@$(BIN)/python -m tests.audit

PROCESSORS ?= full
test-processors: $(VENV)/.installed-test ## the tests of floats as other processors compute them, half an hour (PROCESSORS=short, two of them, four minutes)
	@$(BIN)/python -m tests.processors $(PROCESSORS)

test-browser: $(VENV)/.installed-test ## the page of `ablate report` in headless Chromium (CHROMIUM=/path/to/it; else it installs one, as root; SCREENSHOTS=folder keeps pictures)
	@{ timeout 600 $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browser]' \
		|| { echo "playwright could not be installed: pip has said why." >&2; (exit 77); }; } \
		&& tests/browser/with_chromium $(BIN)/python -m pytest tests/browser $(OR_IMPOSSIBLE)

PACKAGE ?= full
test-package: $(VENV)/.installed-test ## installs the wheel and the sdist by pip and uv into empty environments, and runs a study there (PACKAGE=short: by uv)
	@{ timeout 600 $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[release]' \
		|| { echo "uv could not be installed: pip has said why." >&2; (exit 77); }; } \
		&& $(BIN)/python -m tests.installation $(PACKAGE) $(OR_IMPOSSIBLE)

CHAOS_MIN ?= 10
chaos: $(VENV)/.installed-test ## kills processes, nodes of Ray and jobs of Slurm at random for CHAOS_MIN minutes, resumes their studies, and compares what they come to
	@CHAOS_MIN=$(CHAOS_MIN) $(BIN)/python -m tests.reliability

GPU ?= cuda
gpu: ## on a machine with a GPU: are trainings on it right, and how fast? Eight minutes, with the Python that is there (GPU=cpu tries the command)
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m tests.gpu $(GPU)

GPU_PYTHON ?= 3.12
gpu-wheels: ## collects in build/gpu-wheels what a machine with a GPU may lack, so that `make gpu` needs no network there
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m tests.gpu.wheels $(GPU_PYTHON)

docs: $(VENV)/.installed-test ## the documentation as a site in build/docs; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

pages: $(VENV)/.installed ## regenerates what docs/ shows of conf/, results/ and the code
	$(BIN)/python docs/generate

screen: $(VENV)/.installed ## draws docs/screen.svg, the picture of `ablate show core`
	$(BIN)/python docs/generate screen.svg

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

bench: $(VENV)/.installed-bench ## every benchmark; one table of goals, kept in results/benchmarks/
	$(BIN)/python -m tests.benchmarks

results: run ## regenerates the tables in results/ that are kept in git
	$(BIN)/ablate show core --format markdown > results/core.md
	$(BIN)/ablate show core --format json > results/core.json
	$(BIN)/python docs/generate screen.svg

# A study that is refused, with code 2, lacks its data here: `ablate run` has said which. One that is tagged long counts once it was run.
LONG ?=
questions: $(VENV)/.installed ## answers every question that ships, but those tagged long (LONG=1: these, too); regenerates results/questions/, docs/answers.md and its figures
	@long=" $$($(BIN)/ablate list studies --tag long --names | tr '\n' ' ')"; answered=; \
	for study in $$($(BIN)/ablate list studies --names); do \
		case "$(LONG):$$long" in :*" $$study "*) \
			if $(BIN)/ablate show $$study > /dev/null 2>&1; then answered="$$answered $$study"; \
			else echo "$$study is skipped: it takes long. Run it by itself ('ablate run $$study'), or all such: make questions LONG=1." >&2; fi; \
			continue;; esac; \
		$(BIN)/ablate run $$study > /dev/null; code=$$?; \
		if [ $$code = 2 ]; then echo "$$study is skipped, for the reason above." >&2; continue; fi; \
		[ $$code = 0 ] || exit $$code; \
		answered="$$answered $$study"; \
	done; \
	mkdir -p results/questions; \
	$(BIN)/ablate verdicts $$answered --format markdown > results/questions/verdicts.md && \
	$(BIN)/ablate verdicts $$answered --format json > results/questions/verdicts.json
	$(BIN)/python docs/generate answers.md figures README.md

clean: ## removes .venv and caches; results stay
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis build dist
