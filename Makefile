# Everything a person needs; `make help` lists it. Node 24 comes with the packages, so any Node from 20 on will do to begin.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export NODE_OPTIONS := --no-warnings
TEP := node dist/tep.mjs
PURGE_FLAG := $(if $(filter 1 true yes,$(PURGE)),--purge)

.PHONY: help up down build images reproducible bundle release generate check-generated lint types test unit embedded e2e fault fault-defects watch-matrix plan-property recurrence schema-check fuzz soak soak-defects reminders isolation backlog nightly engines conformance conformance-defects lint-chart bench-up bench-runtime bench-web clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.installed: package-lock.json package.json
	@command -v npm >/dev/null || { echo 'make: TEP5007: npm is missing: install Node.js 20 or newer (https://nodejs.org)' >&2; exit 8; }
	@test ! -L node_modules || { echo 'make: TEP5010: node_modules is a symbolic link, and installing would empty the folder it leads to: install there, or remove the link' >&2; exit 8; }
	@echo 'installing packages (about half a minute the first time) …'
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

SOURCES := $(shell find controller src -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' -o -name '*.sql' 2>/dev/null)

dist/.built: node_modules/.installed $(SOURCES) package.json
	@node src/bundle.ts
	@touch $@

build: dist/.built ## bundles of the controller, the services, the CLI and the web app

images: dist/.built ## both images as archives in dist/images, without a container engine; with digests, SBOMs, provenance (TAG, REPOSITORY)
	@node src/images/main.ts $(if $(TAG),--tag $(TAG)) $(if $(REPOSITORY),--repository $(REPOSITORY))

reproducible: node_modules/.installed ## the images built twice in different folders, and compared byte by byte
	@node test/offline/reproducible.ts

bundle: images dist/.built ## chart, images, CRDs and checksums in one archive for a cluster without internet, with verify and load
	@cd dist && node tep.mjs bundle create

release: node_modules/.installed ## sets VERSION=1.2.3 in every place, and in what is generated from it
	@node src/release/main.ts "$(VERSION)" && node src/contracts/generate/main.ts
	@UPDATE_GOLDEN=1 npm run -s jest -- --roots controller -- render/corpus

up: dist/.built ## the whole platform on this machine; Ctrl-C stops it (PORT=7080)
	@exec $(TEP) up $(if $(PORT),--port $(PORT)) $(ARGS)

down: dist/.built ## stop it; PURGE=1 forgets its data too
	@$(TEP) down $(PURGE_FLAG) $(ARGS)

generate: node_modules/.installed ## CRD, types and documents from the schemas
	@node src/contracts/generate/main.ts
	@node src/cli/document.ts

check-generated: node_modules/.installed
	@node src/contracts/generate/main.ts --check
	@node src/cli/document.ts --check

lint: node_modules/.installed ## format, lint and import directions
	@npm run -s lint

types: node_modules/.installed ## type check
	@npm run -s types

test: unit embedded ## all tests that need nothing but Node.js

unit: dist/.built
	@npm run -s jest -- --roots controller --roots src

embedded: dist/.built
	@npm run -s jest -- --roots test --runInBand

e2e: dist/.built ## the same main job, kills, upgrade and removal on a real cluster (KUBECONFIG; see docs/operating.md)
	@node test/cluster/main.ts

fault: node_modules/.installed ## thousands of simulated schedules with faults (SCHEDULES=10000)
	@node test/fault/main.ts --schedules $(or $(SCHEDULES),10000)

fault-defects: node_modules/.installed ## seeded defects that the simulator must catch
	@node test/fault/defects.ts

watch-matrix: node_modules/.installed ## 20 faults of a watch, ours beside client-node's informer
	@node test/fault/watch-matrix.ts

plan-property: node_modules/.installed ## the plan against the writes made, over EDITS=1000 edits of a spec
	@PLAN_EDITS=$(or $(EDITS),1000) npm run -s jest -- --roots controller -- platform/changes.test

schema-check: node_modules/.installed ## event schemas against every release, both ways, with a counter-example for each break
	@node src/contracts/compat/main.ts

soak: node_modules/.installed ## load, kills and a broker that misbehaves (COMMANDS=1000000 KILLS=1000 DUPLICATES=0.05 REORDER=0.02 LOST=0.01 SEED=1 MINUTES=)
	@node test/soak/main.ts --commands $(or $(COMMANDS),1000000) --kills $(or $(KILLS),1000) --duplicates $(or $(DUPLICATES),0.05) \
	  --reorder $(or $(REORDER),0.02) --lost-replies $(or $(LOST),0.01) --seed $(or $(SEED),1) $(if $(MINUTES),--minutes $(MINUTES))

soak-defects: node_modules/.installed ## safeguards of the data plane taken out one by one, which the soak must notice
	@node test/soak/defects.ts

reminders: node_modules/.installed ## reminders behind a scheduler that repeats and forgets, with kills (REMINDERS=100000 KILLS=200 RATE=100)
	@node test/reminders/main.ts --reminders $(or $(REMINDERS),100000) --kills $(or $(KILLS),200) --rate $(or $(RATE),100) --seed $(or $(SEED),1)

isolation: node_modules/.installed ## strangers try to see and change what is somebody else's, over every interface (ATTEMPTS=100000)
	@node test/isolation/main.ts --attempts $(or $(ATTEMPTS),100000) --seed $(or $(SEED),1)

backlog: node_modules/.installed ## an outbox full of events is published while people write (ROWS=1000000)
	@node test/backlog/main.ts --rows $(or $(ROWS),1000000)

nightly: node_modules/.installed ## the proofs of the data plane in the size of a night
	@$(MAKE) --no-print-directory soak COMMANDS=50000 KILLS=50
	@DEAD_LETTERS=10000 npm run -s jest -- --roots src -- services/dead-letters
	@$(MAKE) --no-print-directory reminders isolation backlog

fuzz: node_modules/.installed ## arbitrary bodies against the reader of events (BODIES=1000000)
	@node test/fuzz/main.ts --bodies $(or $(BODIES),1000000) --seed $(or $(SEED),1)

recurrence: node_modules/.installed ## repeating tasks against independent oracles, in four host zones (CASES=100000)
	@node test/recurrence/main.ts --cases $(or $(CASES),100000) --seed $(or $(SEED),1)

engines: node_modules/.installed ## finds or builds the real engines: etcd, kube-apiserver, daprd, scheduler, Kafka, helm, Lua, kube-score, kubeconform
	@node test/engines/main.ts

lint-chart: node_modules/.installed ## linters by others over the rendered chart; gets them where they are absent
	@node test/engines/main.ts helm kube-score kubeconform
	@npm run -s jest -- --roots test -- chart/linters

bench-up: dist/.built ## time to Ready, memory, and latency from POST to SSE
	@node test/bench/up.ts

bench-runtime: dist/.built ## what the controller costs with 1,000 platforms: requests, memory, time
	@node test/bench/runtime.ts

bench-web: dist/.built ## bytes of the web app, and time to its largest paint
	@node test/bench/web.ts

conformance: dist/.built ## the embedded API server and sidecar beside the real ones, the chart's rights (RECORD=1, ONLY=verbs,jobs,rights)
	@status=0; for part in kubernetes dapr strimzi rights; do node test/conformance/$$part/main.ts $(if $(RECORD),--record) $(if $(ONLY),--only $(ONLY)) || status=1; done; exit $$status

conformance-defects: node_modules/.installed ## behaviours of the embedded parts broken one by one, which the recorded answers must notice
	@node test/conformance/defects.ts

clean: ## remove what was built
	@rm -rf dist
