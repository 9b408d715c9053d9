import type { KubeApi, KubeObject } from '../index.ts'
import { configMap, memoryApi, refusal, settled } from '../test-support.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

const reference = (owner: KubeObject, more: object = {}) => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid!,
  ...more,
})
const child = (name: string, owners: object[], metadata: object = {}) =>
  api.client.create(configMap(name, {}, { ownerReferences: owners, ...metadata } as never))
const names = async (namespace?: string) =>
  (await api.client.list(configMap(''), namespace)).map(each => each.metadata.name)

describe('garbage collection', () => {
  test('background: the owner goes at once, its dependents after it, and theirs', async () => {
    const owner = await api.client.create(configMap('owner'))
    const middle = await child('middle', [reference(owner)])
    await child('leaf', [reference(middle)])
    await child('other', [])
    await api.client.delete(owner, 'default', 'owner')
    expect(await names()).not.toContain('owner')
    await settled()
    expect(await names()).toEqual(['other'])
  })

  test('foreground: the owner waits for the dependents that block it', async () => {
    const owner = await api.client.create(configMap('owner'))
    await child('blocking', [reference(owner, { blockOwnerDeletion: true })], { finalizers: ['example.com/hold'] })
    await child('free', [reference(owner)])
    await api.client.delete(owner, 'default', 'owner', { propagationPolicy: 'Foreground' })
    await settled()
    expect(await names()).toEqual(['blocking', 'owner'])
    expect((await api.client.get(owner, 'default', 'owner'))?.metadata.finalizers).toEqual(['foregroundDeletion'])
    await api.client.merge(owner, 'default', 'blocking', { metadata: { finalizers: null } })
    await settled()
    expect(await names()).toEqual([])
  })

  test('orphan: the dependents stay, without the reference', async () => {
    const owner = await api.client.create(configMap('owner'))
    await child('kept', [reference(owner)])
    await api.client.delete(owner, 'default', 'owner', { propagationPolicy: 'Orphan' })
    await settled()
    expect(await names()).toEqual(['kept'])
    expect((await api.client.get(owner, 'default', 'kept'))?.metadata.ownerReferences).toBeUndefined()
  })

  test('of two owners one may go; a reference to an owner that never was is no owner', async () => {
    const [first, second] = [await api.client.create(configMap('first')), await api.client.create(configMap('second'))]
    await child('shared', [reference(first), reference(second)])
    await child('lost', [{ ...reference(first), uid: 'no-such-uid' }])
    await api.client.delete(first, 'default', 'first')
    await settled()
    expect(await names()).toEqual(['second', 'shared'])
    expect((await api.client.get(first, 'default', 'shared'))?.metadata.ownerReferences).toEqual([reference(second)])
  })

  test('objects that own each other go together', async () => {
    const first = await api.client.create(configMap('first', {}, { finalizers: ['example.com/later'] }))
    const second = await child('second', [reference(first, { blockOwnerDeletion: true })])
    await api.client.merge(first, 'default', 'first', {
      metadata: { finalizers: null, ownerReferences: [reference(second, { blockOwnerDeletion: true })] },
    })
    await api.client.delete(first, 'default', 'first', { propagationPolicy: 'Foreground' })
    await settled()
    expect(await names()).toEqual([])
  })

  test('an owner in another namespace does not count', async () => {
    await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' } })
    const owner = await api.client.create({ ...configMap('owner'), metadata: { namespace: 'far', name: 'owner' } })
    await child('local', [reference(owner)])
    await settled()
    expect(await names()).toEqual(['owner'])
  })

  test('a Job leaves its pods when nobody says otherwise', async () => {
    const job = await api.client.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace: 'default', name: 'j' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
    })
    await child('result', [reference(job)])
    await api.client.delete(job, 'default', 'j')
    await settled()
    expect(await names()).toEqual(['result'])
  })

  test('two references as controller, or one without uid, are refused', async () => {
    const owner = await api.client.create(configMap('owner'))
    const another = await api.client.create(configMap('another'))
    expect(
      (await refusal(child('a', [reference(owner, { controller: true }), reference(another, { controller: true })])))
        .code,
    ).toBe(422)
    expect((await refusal(child('b', [{ ...reference(owner), uid: '' }]))).code).toBe(422)
  })
})

describe('namespaces', () => {
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const inside = (name: string, metadata: object = {}) =>
    api.client.create(configMap(name, {}, { namespace: 'doomed', ...metadata } as never))

  test('deleting one deletes its contents, then itself', async () => {
    await api.client.create(namespace('doomed'))
    await inside('a')
    await child('elsewhere', [])
    await api.client.delete(namespace(''), undefined, 'doomed')
    await settled()
    expect(await api.client.get(namespace(''), undefined, 'doomed')).toBeUndefined()
    expect(await names()).toEqual(['elsewhere'])
  })

  test('pods go first: while one is ending, nothing else is asked to go', async () => {
    await api.client.create(namespace('doomed'))
    await inside('a', { finalizers: ['example.com/hold'] })
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'doomed' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }] },
    }
    await api.client.create(pod as never)
    await api.client.delete(namespace(''), undefined, 'doomed')
    await settled()
    const held = async () => (await api.client.get(configMap(''), 'doomed', 'a'))!.metadata.deletionTimestamp
    expect((await api.client.get(pod, 'doomed', 'p'))!.metadata.deletionTimestamp).toBeDefined()
    expect(await held()).toBeUndefined()
    await api.client.delete(pod, 'doomed', 'p', { gracePeriodSeconds: 0 })
    await settled()
    expect(await held()).toBeDefined()
  })

  test('while something holds on it is Terminating, says what, and takes nothing new', async () => {
    await api.client.create(namespace('doomed'))
    await inside('held', { finalizers: ['example.com/hold'] })
    await api.client.delete(namespace(''), undefined, 'doomed')
    await settled()
    const { phase, conditions } = (await api.client.get(namespace(''), undefined, 'doomed'))!.status as {
      phase: string
      conditions: { type: string; status: string; message: string }[]
    }
    expect(phase).toBe('Terminating')
    expect(conditions.filter(each => each.status === 'True').map(({ type, message }) => [type, message])).toEqual([
      ['NamespaceContentRemaining', 'Some resources are remaining: configmaps. has 1 resource instances'],
      [
        'NamespaceFinalizersRemaining',
        'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
      ],
    ])
    expect(await refusal(inside('late'))).toMatchObject({
      code: 403,
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    })
    await api.client.merge(configMap(''), 'doomed', 'held', { metadata: { finalizers: null } })
    await settled()
    expect(await api.client.get(namespace(''), undefined, 'doomed')).toBeUndefined()
    await api.client.create(namespace('doomed'))
    await inside('new')
  })

  test('`default` stays, and names are labels', async () => {
    expect((await refusal(api.client.delete(namespace(''), undefined, 'default'))).code).toBe(403)
    expect((await refusal(api.client.create(namespace('a.b')))).code).toBe(422)
    expect((await api.client.get(namespace(''), undefined, 'default'))?.metadata.labels).toEqual({
      'kubernetes.io/metadata.name': 'default',
    })
  })
})
