/** This tree as somebody's own repository: `examples/gitops` with their address in it, and a platform of theirs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dump, load } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { copyTree } from '../support/tree.ts'
import { release } from './next-release.ts'

/** How an Application is synced, and how what is there is compared with what is wanted. */
export interface Strategy {
  name: string
  syncOptions: string[]
  annotations: Record<string, string>
}

/** All of Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/diff-strategies/ */
export const STRATEGIES: readonly Strategy[] = [
  { name: 'three-way (legacy)', syncOptions: [], annotations: {} },
  { name: 'structured merge', syncOptions: ['ServerSideApply=true'], annotations: {} },
  {
    name: 'server-side',
    syncOptions: ['ServerSideApply=true'],
    annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' },
  },
]

/** Of `apps/`: what the cluster has by other ways already. */
const NOT_FROM_HERE = ['00-strimzi', '10-dapr']
const APPS = 'examples/gitops/argocd/apps'
const OVERLAY = 'examples/gitops/platform/overlays/e2e'
export const OPERATOR = '20-operator'
export const PLATFORM_APP = '30-platform'

export class Repository {
  readonly folder: string
  readonly #url: string

  /** @param url what takes the place of the published repository's address */
  constructor(folder: string, url: string) {
    this.folder = folder
    this.#url = url
    copyTree(folder)
    for (const name of NOT_FROM_HERE) rmSync(join(folder, APPS, `${name}.yaml`))
    for (const name of [OPERATOR, PLATFORM_APP]) this.edit(name, () => {})
  }

  /** The root Application, which a person applies by hand. */
  root(): KubeObject {
    const root = load(readFileSync(join(this.folder, 'examples/gitops/argocd/root.yaml'), 'utf8')) as KubeObject
    root['spec'].source.repoURL = this.#url
    return root
  }

  /** The overlay for a Kafka outside the cluster, with the platform's own addresses and Secrets. */
  writeOverlay(platform: Platform): void {
    const { apiVersion, kind, metadata, spec } = platform
    this.#write(`${OVERLAY}/kustomization.yaml`, {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: ['../external-kafka'],
      patches: [{ path: 'platform.yaml' }],
    })
    this.#write(`${OVERLAY}/platform.yaml`, {
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
      spec: { ...spec, auth: null },
    })
    this.edit(PLATFORM_APP, ({ spec: { source } }) => {
      source.path = OVERLAY
    })
  }

  /** Both Applications synced and compared in this way, and only when somebody says so. */
  use(strategy: Strategy): void {
    for (const name of [OPERATOR, PLATFORM_APP])
      this.edit(name, ({ metadata, spec }) => {
        for (const each of STRATEGIES.flatMap(({ annotations }) => Object.keys(annotations)))
          delete metadata.annotations![each]
        Object.assign(metadata.annotations!, strategy.annotations)
        spec.syncPolicy = { syncOptions: strategy.syncOptions }
      })
  }

  automate(): void {
    for (const name of [OPERATOR, PLATFORM_APP])
      this.edit(name, ({ spec }) => {
        spec.syncPolicy = { ...spec.syncPolicy, automated: { prune: true, selfHeal: true } }
      })
  }

  /** Another version of the chart, and with it of the operator. */
  release(version: string): Promise<void> {
    return release(this.folder, version)
  }

  edit(app: string, change: (application: KubeObject) => void): void {
    const path = join(APPS, `${app}.yaml`)
    const application = load(readFileSync(join(this.folder, path), 'utf8')) as KubeObject
    application['spec'].source.repoURL = this.#url
    change(application)
    this.#write(path, application)
  }

  /** An Application of one object, that no other knows of. */
  alone(name: string, namespace: string, object: KubeObject): KubeObject {
    this.#write(`e2e/${name}/object.yaml`, object)
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'argocd', finalizers: ['resources-finalizer.argocd.argoproj.io'] },
      spec: {
        project: 'default',
        source: { repoURL: this.#url, targetRevision: 'main', path: `e2e/${name}` },
        destination: { server: 'https://kubernetes.default.svc', namespace },
        syncPolicy: { automated: {} },
      },
    }
  }

  #write(path: string, content: object): void {
    const file = join(this.folder, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, dump(content))
  }
}
