/** `make engines`: every engine that the conformance suites run against, found or built. Exit code 1 when one is missing. */
import { build, missingTool } from './build.ts'
import { BUNDLES } from './bundles.ts'
import { bundleOf, ENGINES, type EngineName, findEngine, forgetFound } from './find.ts'

/** What cannot be run without it. */
const NEEDED_FOR: Readonly<Record<EngineName, string>> = {
  etcd: 'make conformance: Kubernetes',
  'kube-apiserver': 'make conformance: Kubernetes',
  'kube-controller-manager': 'make conformance: Kubernetes',
  kubectl: 'make conformance: kubectl against both',
  daprd: 'runs against the real Dapr',
  scheduler: 'jobs of the real Dapr',
  helm: 'test/chart',
  kafka: 'runs against the real Kafka',
  lua: 'health checks of Argo CD',
  'kube-score': 'a linter of the chart’s objects',
  kubeconform: 'the schemas of the chart’s objects',
}

const wanted = (process.argv.slice(2).length > 0 ? process.argv.slice(2) : ENGINES) as EngineName[]
const unknown = wanted.find(name => !ENGINES.includes(name))
if (unknown) {
  console.error(`${unknown} is no engine; there are ${ENGINES.join(', ')}`)
  process.exit(2)
}

for (const bundle of BUNDLES) {
  const lacking = wanted.filter(name => bundleOf(name) === bundle.name && !findEngine(name))
  if (lacking.length === 0) continue
  const tool = missingTool(bundle)
  if (tool) console.error(`${lacking.join(', ')}: ${tool}`)
  else {
    await build(bundle).catch((error: Error) => console.error(error.message))
    forgetFound()
  }
}

const missing = wanted.filter(name => !findEngine(name))
for (const name of wanted) {
  const engine = findEngine(name)
  console.log(
    engine
      ? `${name.padEnd(24)} ${engine.origin.padEnd(16)} ${[engine.command, ...engine.prefix].join(' ')}`
      : `${name.padEnd(24)} missing          skipped without it: ${NEEDED_FOR[name]}`,
  )
}
process.exit(missing.length > 0 ? 1 : 0)
