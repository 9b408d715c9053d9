/** `make e2e`: the chart, the images and the platform on a real cluster. Exit code 0 with `skipped:` where there is none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { progress } from '../../src/cli/progress.ts'
import { findEngine } from '../engines/find.ts'
import { Cluster, root } from '../support/laptop.ts'
import { around, dapr, helm, images, NAMESPACE, namespace, RELEASE, ready } from './bring-up.ts'
import { missingForImages } from './pod-images.ts'
import { findTarget } from './target.ts'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const tell = progress('text')

function skip(reason: string): never {
  console.log(`skipped: ${reason}`)
  process.exit(0)
}

const target = findTarget()
if (typeof target === 'string') skip(target)
for (const name of ['kafka', 'helm', 'kubectl'] as const)
  if (!findEngine(name)) skip(`no ${name} on this machine (make engines gets it)`)
const missing = missingForImages()
if (missing) skip(missing)

tell.step(`cluster: ${target.name}`)
await target.up()
const cluster = new Cluster(target.kubeconfig, NAMESPACE)
const references = await images(target, tell)
const withoutDapr = await dapr(target, cluster, tell)
if (withoutDapr) skip(withoutDapr)

tell.step(`namespace ${NAMESPACE}, Pod Security restricted; Kafka and PostgreSQL in it …`)
await namespace(cluster)
const platform = await around(cluster, references, version)
tell.step('helm install …')
helm(target, 'upgrade', '--install', RELEASE, '.', '--wait', '--timeout', '120s')
tell.step('kubectl apply the platform …')
await cluster.apply(platform as never)
await ready(cluster, tell)
tell.step('the platform is Ready')
