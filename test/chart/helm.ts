/** The chart as Helm renders it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { findEngine } from '../engines/find.ts'

export const root = join(import.meta.dirname, '../..')
const helm = findEngine('helm')
if (!helm) console.log('chart tests are skipped: no helm here (make engines gets it; or set HELM=/path/to/helm)')
export const withHelm = helm ? test : test.skip

export const run = (...args: string[]): string =>
  execFileSync(helm!.command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export const objectsOf = (text: string): KubeObject[] =>
  (loadAll(text) as (KubeObject | null)[]).filter(object => object !== null)

export const template = (...args: string[]): KubeObject[] =>
  objectsOf(run('template', 'todo', '.', '--namespace', 'todo', '--include-crds', ...args))

export const only = (objects: KubeObject[], kind: string): KubeObject[] =>
  objects.filter(object => object.kind === kind)

/** Pod templates of all kinds, and pods. */
export const podsOf = (objects: KubeObject[]): { name: string; spec: KubeObject['spec']; metadata: object }[] =>
  objects.flatMap(object => {
    const { kind, metadata } = object
    if (kind === 'Pod') return [{ name: metadata.name, spec: object['spec'], metadata }]
    const pod = ['Deployment', 'Job'].includes(kind) ? object['spec'].template : undefined
    return pod ? [{ name: metadata.name, spec: pod.spec, metadata: pod.metadata ?? {} }] : []
  })
