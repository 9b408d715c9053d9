/** One life of the app of apps of `examples/gitops`, step by step. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { conditionOf } from '../../controller/kube/objects.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import type { Progress } from '../../src/cli/progress.ts'
import { type Anything, Cluster, root, until } from '../support/laptop.ts'
import { PLATFORM } from '../support/place.ts'
import { around, dropPlatform, FOLDER, MARK, namespace, type References } from './bring-up.ts'
import { OPERATOR, Repository, type Strategy } from './gitops-repository.ts'
import { disturbed, lives, operatorVersion } from './lifecycle.ts'
import type { ArgoCd } from './target.ts'

/** As `examples/gitops` names them. */
const [NAMESPACE, OPERATOR_NAMESPACE, ARGO_CD] = ['todo', 'todo-system', 'argocd']
const APPLICATION = ['argoproj.io/v1alpha1', 'Application'] as const
const [ROOT_APP, OPERATOR_APP, PLATFORM_APP] = ['todo', 'todo-operator', 'todo-platform']

const time = (at: unknown): number => new Date(at as string).getTime()

export class Round {
  readonly kubeconfig: string
  /** In the platform's namespace. */
  readonly cluster: Cluster
  /** In the operator's. */
  readonly operator: Cluster
  readonly tell: Progress
  readonly #argo: ArgoCd
  readonly repository: Repository

  constructor(kubeconfig: string, argo: ArgoCd, tell: Progress) {
    this.kubeconfig = kubeconfig
    this.cluster = new Cluster(kubeconfig, NAMESPACE)
    this.operator = new Cluster(kubeconfig, OPERATOR_NAMESPACE)
    this.tell = tell
    this.#argo = argo
    this.repository = new Repository(join(FOLDER, 'repository'), argo.repository)
  }

  application(name: string): Promise<Anything | undefined> {
    return this.cluster.get(...APPLICATION, name, ARGO_CD)
  }

  push(): Promise<void> {
    return this.#argo.push(this.repository.folder)
  }

  /** Waits until the Application is Synced to the newest commit and Healthy; what it says instead is in the error. */
  async settled(name: string): Promise<Anything> {
    let last: Anything
    return until(
      `Application ${name} to be Synced and Healthy`,
      async () => {
        last = await this.application(name)
        const { sync, health } = last?.status ?? {}
        return sync?.status === 'Synced' && health?.status === 'Healthy' && last
      },
      300,
    ).catch(error => {
      throw new Error(`${error.message}: ${JSON.stringify(last?.status, undefined, 1)}`)
    })
  }

  /** Argo CD compares again, with nothing from its caches. */
  async compared(name: string): Promise<Anything> {
    await this.#annotate(name, { 'argocd.argoproj.io/refresh': 'hard' })
    return until(`Application ${name} to be compared`, async () => {
      const found = await this.application(name)
      return found && !found.metadata.annotations?.['argocd.argoproj.io/refresh'] && found
    })
  }

  #annotate(name: string, annotations: Record<string, string>): Promise<unknown> {
    return this.#merge(name, { metadata: { annotations } })
  }

  #merge(name: string, { metadata = {}, ...more }: Record<string, Anything>): Promise<unknown> {
    const [apiVersion, kind] = APPLICATION
    return this.cluster.merge({
      apiVersion,
      kind,
      metadata: { name, namespace: ARGO_CD, ...metadata },
      ...more,
    } as never)
  }

  async clear(): Promise<void> {
    for (const name of [ROOT_APP, PLATFORM_APP, OPERATOR_APP])
      if (await this.application(name)) {
        await this.#merge(name, { metadata: { finalizers: [] } })
        await this.cluster.delete(...APPLICATION, name, ARGO_CD)
      }
    for (const name of [NAMESPACE, OPERATOR_NAMESPACE]) {
      const found = await this.cluster.get('v1', 'Namespace', name)
      if (!found) continue
      const [mark] = Object.keys(MARK)
      if (!found.metadata.labels?.[mark!])
        throw new Error(
          `namespace ${name} is there already and not of an earlier run: remove it, or take another cluster`,
        )
      if (name === NAMESPACE) await dropPlatform(this.cluster)
      await this.cluster.delete('v1', 'Namespace', name)
      await until(`the namespace ${name} to go`, async () => !(await this.cluster.get('v1', 'Namespace', name)), 180)
    }
  }

  /** Both namespaces, with what the platform finds outside. */
  async surroundings(references: References, version: string): Promise<Platform> {
    this.tell.step('Kafka and PostgreSQL for the platform from git …')
    for (const name of [NAMESPACE, OPERATOR_NAMESPACE]) await namespace(this.cluster, name)
    return around(this.cluster, references, version)
  }

  async begin(platform: Platform): Promise<void> {
    this.repository.writeOverlay(platform)
    await this.push()
    const checks = readFileSync(join(root, 'examples/gitops/argocd/health-checks.yaml'), 'utf8')
    await this.cluster.apply(load(checks) as never)
    await this.cluster.apply(this.repository.root() as never)
  }

  /** The platform's wave may begin only when the operator works; the root is healthy last. */
  async waves(): Promise<void> {
    this.tell.step('Argo CD syncs the app of apps …')
    const platform = await until('the platform’s Application', () => this.application(PLATFORM_APP), 300)
    const [operator] = await this.operator.list('apps/v1', 'Deployment')
    const available = operator && conditionOf(operator, 'Available')
    assert(
      available?.status === 'True' && time(available.lastTransitionTime) <= time(platform.metadata.creationTimestamp),
      `the platform's wave began at ${platform.metadata.creationTimestamp}, and the operator's ${JSON.stringify(available)}`,
    )
    for (const name of [PLATFORM_APP, OPERATOR_APP, ROOT_APP]) await this.settled(name)
  }

  /** Synced in this way, and compared in this way: nothing differs, though the operator and the API server write to it all. */
  async noDifference(strategy: Strategy): Promise<void> {
    this.repository.use(strategy)
    await this.push()
    for (const name of [OPERATOR_APP, PLATFORM_APP]) {
      await until(`${name} to be synced by ${strategy.name}`, async () => {
        const found = await this.application(name)
        const options = found?.spec.syncPolicy?.syncOptions ?? []
        const compare = found?.metadata.annotations?.['argocd.argoproj.io/compare-options']
        return (
          !found?.spec.syncPolicy?.automated &&
          String(options) === String(strategy.syncOptions) &&
          compare === strategy.annotations['argocd.argoproj.io/compare-options']
        )
      })
      const before = (await this.application(name)).status.operationState.finishedAt
      await this.#merge(name, { operation: { sync: { prune: true, syncOptions: strategy.syncOptions } } })
      await until(`${name} to be synced`, async () => {
        const { operation, status } = await this.application(name)
        const { phase, finishedAt, message } = status.operationState
        assert(!['Failed', 'Error'].includes(phase), `the sync of ${name} (${strategy.name}): ${message}`)
        return !operation && phase === 'Succeeded' && finishedAt !== before
      })
      const { status } = await this.compared(name)
      const differing = status.resources.filter((each: Anything) => each.status !== 'Synced')
      assert.deepEqual(
        [status.sync.status, differing.map(({ kind, name: object }: Anything) => `${kind} ${object}`)],
        ['Synced', []],
        `${name} differs by the ${strategy.name} strategy`,
      )
      this.tell.step(`${name}: ${status.resources.length} objects, no difference (${strategy.name})`)
    }
  }

  async heals(): Promise<void> {
    this.tell.step('edits by hand are taken back …')
    this.repository.automate()
    await this.push()
    await until('Applications to be automated', async () => {
      const found = [await this.application(OPERATOR_APP), await this.application(PLATFORM_APP)]
      return found.every(each => each.spec.syncPolicy.automated?.selfHeal)
    })
    const wanted = (await this.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo')).spec
    await this.cluster.merge({
      ...PLATFORM,
      metadata: { name: 'todo', namespace: NAMESPACE },
      spec: { database: { secretRef: { key: 'another' } } },
    } as never)
    await until('the edited platform to be as in git', async () => {
      const { spec } = await this.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo')
      return spec.database.secretRef.key === wanted.database.secretRef.key
    })
    const [service] = await this.operator.list('v1', 'Service')
    await this.operator.delete('v1', 'Service', service.metadata.name)
    await until('the deleted Service to be there again', async () => {
      const found = await this.operator.get('v1', 'Service', service.metadata.name)
      return found && found.metadata.uid !== service.metadata.uid
    })
    for (const name of [PLATFORM_APP, OPERATOR_APP]) await this.settled(name)
  }

  async prunes(): Promise<void> {
    this.tell.step('what is taken out of git goes …')
    const count = async (): Promise<number> =>
      (await this.operator.list('networking.k8s.io/v1', 'NetworkPolicy')).length
    assert((await count()) > 0, 'the chart has made no NetworkPolicy that could be pruned')
    this.repository.edit(OPERATOR, ({ spec }) => {
      spec.source.helm.valuesObject.networkPolicy = { enabled: false }
    })
    await this.push()
    await until('the NetworkPolicies to be pruned', async () => (await count()) === 0)
    await this.settled(OPERATOR_APP)
  }

  async upgrades(version: string): Promise<void> {
    this.tell.step(`a commit upgrades the chart to ${version} …`)
    const before = await lives(this.cluster)
    await this.repository.release(version)
    await this.push()
    await until(
      `the operator ${version}`,
      async () => (await operatorVersion(this.operator).catch(() => undefined)) === version,
      180,
    )
    for (const name of [OPERATOR_APP, PLATFORM_APP, ROOT_APP]) await this.settled(name)
    assert.deepEqual(
      await disturbed(this.cluster, before),
      [],
      'the upgrade by a commit restarted pods of the services',
    )
  }

  /** The waves backwards: the platform has to be gone before its operator. */
  async removes(): Promise<void> {
    this.tell.step('deleting the app of apps …')
    await this.cluster.delete(...APPLICATION, ROOT_APP, ARGO_CD)
    await until(
      'everything from git to go',
      async () => {
        const [platform, operator] = [await this.application(PLATFORM_APP), await this.application(OPERATOR_APP)]
        assert(operator || !platform, 'the operator’s Application went before the platform’s')
        return !platform && !operator && !(await this.application(ROOT_APP))
      },
      300,
    )
    assert.equal(await this.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo'), undefined)
    for (const cluster of [this.cluster, this.operator])
      assert.deepEqual(
        (await cluster.list('apps/v1', 'Deployment')).map(({ metadata }) => metadata.name),
        [],
        `left in ${cluster.namespace}`,
      )
    for (const name of [NAMESPACE, OPERATOR_NAMESPACE]) await this.cluster.delete('v1', 'Namespace', name)
  }
}
