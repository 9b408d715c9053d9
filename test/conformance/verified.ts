/** docs/verified.md: which rules are compared with which real program, made from tables and recordings. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordings as dapr } from './dapr/recorded.ts'
import { TABLES as DAPR } from './dapr/tables/index.ts'
import { recordings as kubernetes } from './kubernetes/recorded.ts'
import { TABLES as KUBERNETES } from './kubernetes/tables/index.ts'
import type { Recordings } from './recorded.ts'
import { TABLES as STRIMZI } from './strimzi/run.ts'

interface Tables {
  tables: readonly { name: string; rows: readonly unknown[] }[]
  recordings: Recordings
}

function section({ tables, recordings }: Tables): string[] {
  const all = tables.reduce((total, { rows }) => total + rows.length, 0)
  return [
    `| Table | Rows, answered alike by ${recordings.engine} |`,
    '|---|---:|',
    ...tables.map(({ name, rows }) => `| ${name} | ${rows.length} |`),
    `| **all** | **${all}** |`,
  ]
}

/** The text of docs/verified.md. */
export function verifiedPage(): string {
  return `${[
    '# What is verified where',
    '',
    'The embedded place stands in for Kubernetes and Dapr on a laptop. So that it does not lie, tables of rules are run',
    'against it and against the real programs. What the real programs answered is in the repository: `make test` compares',
    'the embedded parts with that, and `make conformance` (after `make engines`) runs both sides live and fails on a',
    'difference, and on a recording that is no longer what the real program answers.',
    '',
    'This page is made from the tables and recordings: `UPDATE_GOLDEN=1 npm run jest -- verified`.',
    '',
    '## Kubernetes API',
    '',
    ...section({ tables: KUBERNETES, recordings: kubernetes }),
    '',
    '## Dapr',
    '',
    'daprd with its scheduler and Apache Kafka on one side, the embedded sidecar over the embedded log on the other.',
    '',
    ...section({ tables: DAPR, recordings: dapr }),
    '',
    '## Kafka resources',
    '',
    'What Strimzi 1.2.0 with Kafka 4.3.1 answered on a Kubernetes 1.36 stands beside each row (`test/conformance/strimzi`): conditions word by',
    'word, status, finalizers, Secrets, refusals. `make test` holds the embedded operators to it; `make conformance` asks a',
    'real Strimzi again where the cluster of `KUBECONFIG` has one. Not among the rows, and not in the embedded operators: pods and their',
    'restarts, PKCS #12 stores, refusing metadata versions.',
    '',
    '| Table | Rows |',
    '|---|---:|',
    ...Object.entries(STRIMZI).map(([table, rows]) => `| ${table} | ${rows.length} |`),
    '',
    ...wholePlatform(),
  ].join('\n')}\n`
}

/** The steps that both places run, by the titles of their tests. */
function wholePlatform(): string[] {
  const steps = readFileSync(join(import.meta.dirname, '../support/main-job.ts'), 'utf8')
  const titles = [...steps.matchAll(/^ {2}test\(\s*'([^']+)'/gm)].map(([, title]) => title!)
  return [
    '## The whole platform',
    '',
    '`make test` runs these steps (`test/support/main-job.ts`) in the embedded place, `make e2e` the same ones on a real cluster: kubelet',
    'and containerd, Dapr with mTLS, Apache Kafka with TLS, SCRAM and ACLs, PostgreSQL, a namespace that enforces the Pod Security Standard',
    '*restricted*, the chart’s own images and rights.',
    '',
    '| Step | Embedded | Cluster |',
    '|---|---|---|',
    ...titles.map(title => `| ${title} | yes | yes |`),
    '| what Strimzi’s resources, the sidecar’s own API and a stop show (`test/e2e/main-job.test.ts`) | yes | – |',
    '| everything killed once under load: controller, services, sidecars, Kafka, database (`test/cluster/storm.ts`) | services (`make soak`) | yes |',
    '| upgrade to the chart of the next release and back without a restart of a service, deletion, removal (`test/cluster/lifecycle.ts`) | deletion | yes |',
    '| from git by Argo CD: waves, health, no difference by any of its three strategies, healed, pruned, upgraded by a commit, removed (`test/cluster/gitops.ts`) | – | yes |',
    '| Argo CD says of KafkaTopic and KafkaNodePool what `health_test.yaml` says (`test/cluster/gitops-health.ts`) | in its Lua (`test/gitops`) | yes |',
    '| the chart grants what the controller asks for over the lives of all examples, no more, no less | simulated (`test/reconcile/rights.test.ts`) | audit log of a kube-apiserver (`make conformance`: `test/conformance/rights`) |',
    '',
    'The tables kubectl and client-node above drive both servers with those clients.',
    '',
    'What only the cluster showed, mended since: the token between app and sidecar is not given to the app; pods that the injector missed stay',
    'without a sidecar; a sidecar that stops and starts consuming within a second can lose a topic; the Lease outlives its release; a new',
    'Application is Healthy for Argo CD before anything of it is there; finalizers that Argo CD adds to an Application with a PreDelete hook.',
  ]
}
