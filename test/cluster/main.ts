/** `make e2e`: the chart, the images and the platform on a real cluster. Exit code 0 with `skipped:` where there is none. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { progress } from '../../src/cli/progress.ts'
import { findEngine } from '../engines/find.ts'
import { Cluster, root } from '../support/laptop.ts'
import {
  around,
  clear,
  FOLDER,
  helm,
  images,
  NAMESPACE,
  namespace,
  RELEASE,
  ready,
  withoutDapr,
  withoutStorage,
} from './bring-up.ts'
import { gitops } from './gitops.ts'
import { withoutStrimzi } from './kafka-choice.ts'
import { deleteNamespace, deletePlatform, refuseUninstall, uninstall, upgradeAndBack } from './lifecycle.ts'
import { nextRelease } from './next-release.ts'
import { ClusterPlace } from './place.ts'
import { missingForImages } from './pod-images.ts'
import { storm } from './storm.ts'
import { findTarget, run, type Target } from './target.ts'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const tell = progress('text')
const JEST = ['--testMatch', '**/cluster/*.cluster.ts', '--testTimeout', '600000', '--runInBand']

/** What this machine lacks, as a sentence. */
function lacking(): string | undefined {
  const name = (['kafka', 'helm', 'kubectl'] as const).find(each => !findEngine(each))
  return name ? `no ${name} on this machine (make engines gets it)` : missingForImages()
}

/** @returns why nothing was run, or nothing */
async function endToEnd(target: Target): Promise<string | undefined> {
  const cluster = new Cluster(target.kubeconfig, NAMESPACE)
  const lacks =
    (await withoutStorage(cluster)) ??
    (await withoutDapr(target, cluster, tell)) ??
    (await withoutStrimzi(target, cluster, tell))
  if (lacks) return lacks
  const next = await nextRelease(join(FOLDER, 'next'), version, tell)
  const references = await images(target, next, tell)

  await clear(target, cluster, tell)
  tell.step(`namespace ${NAMESPACE}, Pod Security restricted; Kafka and PostgreSQL in it …`)
  await namespace(cluster)
  const platform = await around(cluster, references, version)
  tell.step('helm install …')
  helm(target, 'upgrade', '--install', RELEASE, '.', '--wait', '--timeout', '180s')
  tell.step('kubectl apply the platform …')
  await cluster.apply(platform as never)
  await ready(cluster, tell)

  tell.step('the main job …')
  await run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), '--roots', 'test', ...JEST], {
    ...process.env,
    KUBECONFIG: target.kubeconfig,
    NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
    PATIENCE_SECONDS: '180',
  })
  const place = await ClusterPlace.open(target.kubeconfig, NAMESPACE)
  const { acked, effects, kills, lost, duplicated, reordered, examples } = await storm(place, target.kubeconfig, tell)
  place.close()
  tell.step(`${kills} kills, ${acked} changes acknowledged, ${effects} effects: ${lost} lost, ${duplicated} duplicated`)
  assert.deepEqual([lost, duplicated, reordered, examples], [0, 0, 0, []])

  await ready(cluster, tell)
  await upgradeAndBack(target, cluster, next, tell)
  await refuseUninstall(target, cluster, tell)
  await deletePlatform(cluster, tell)
  await uninstall(target, cluster, tell)
  await deleteNamespace(target, cluster, platform, tell)
  await gitops(target, { references, version, next: next.version }, tell)
  return undefined
}

const target = findTarget()
const missing = typeof target === 'string' ? target : lacking()
if (typeof target === 'string' || missing) {
  console.log(`skipped: ${missing}`)
  process.exit(0)
}
tell.step(`cluster: ${target.name}`)
try {
  await target.up()
  const skipped = await endToEnd(target)
  if (skipped) console.log(`skipped: ${skipped}`)
  else tell.step('done: everything is as it should be')
} finally {
  // Kept for a look when asked for: the pods tell more than an error does.
  if (!process.env['E2E_KEEP']) await target.down()
}
