import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { inProcess } from '../../test/support/in-process.ts'
import { Applier } from './apply.ts'
import { KubeClient } from './client.ts'
import type { KubeObject } from './objects.ts'
import { driftOf, ownedFields } from './ownership.ts'
import { ManualClock } from './test-support.ts'

const KIND = { apiVersion: 'v1', kind: 'ConfigMap' }
const desired = (data: Record<string, string> = { color: 'green', size: 'small' }): KubeObject => ({
  ...KIND,
  metadata: { namespace: 'default', name: 'shared' },
  data,
})

/** A ConfigMap that the applier wants one way, and somebody else another. */
async function contested() {
  const clock = new ManualClock()
  const api = await openKubeApi({ store: 'memory', now: () => new Date(clock.now()) })
  const writes: { reason: string; ok: boolean }[] = []
  const client = new KubeClient(inProcess(api), {
    clock,
    observer: { after: ({ verb, reason, ok }) => void (verb === 'apply' && writes.push({ reason, ok })) },
  })
  const applier = new Applier(client, 'me', clock)
  const live = async (): Promise<KubeObject> => (await client.get(KIND, 'default', 'shared'))!
  const successes = (): number => writes.filter(({ ok }) => ok).length
  /** What a reconcile does: look, and write what differs. */
  const repair = async (wanted = desired()) => {
    const found = await client.get(KIND, 'default', 'shared')
    const drift = found ? driftOf(wanted, ownedFields(found, 'me')) : []
    const uid = found?.metadata.uid
    const applied =
      found && drift.length === 0 ? undefined : await applier.apply({ desired: wanted, uid, drift, reason: 'Test' })
    return { applied, fights: uid ? applier.fights(uid, drift) : [], nextMs: applier.nextMs(uid ?? '') }
  }
  const other = api.clientFor('kubectl-edit')
  const edit = (data: Record<string, string>) => other.merge(KIND, 'default', 'shared', { data })
  return { clock, api, client, live, repair, edit, other, successes, applier }
}

test('creates by apply, writes nothing when nothing differs, and repairs what others changed, naming them by field', async () => {
  const { live, repair, edit, successes } = await contested()
  await repair()
  expect(await live()).toMatchObject({
    data: { color: 'green', size: 'small' },
    metadata: { managedFields: [{ manager: 'me', operation: 'Apply' }] },
  })
  expect((await repair()).applied).toBeUndefined()
  await edit({ color: 'red', theirs: 'stays' })
  expect((await repair()).applied?.conflicts).toEqual([{ path: 'data.color', manager: 'kubectl-edit' }])
  expect((await live())['data']).toEqual({ color: 'green', size: 'small', theirs: 'stays' })
  expect(successes()).toBe(2)
})

test('a field that somebody reverts ten times a second is written at most five times in any minute, and the fight is told', async () => {
  const { clock, repair, edit, successes } = await contested()
  await repair()
  const moments: number[] = []
  let told = (await repair()).fights
  for (let tenth = 0; tenth < 3_000; tenth++) {
    await edit({ color: 'red' })
    const before = successes()
    told = (await repair()).fights
    if (successes() > before) moments.push(clock.now())
    await clock.advance(100)
  }
  for (const at of moments)
    expect(moments.filter(each => each >= at && each < at + 60_000).length).toBeLessThanOrEqual(5)
  expect(told).toEqual([{ path: 'data.color', manager: 'kubectl-edit', since: moments[0] }])
}, 60_000)

test('during a fight the other fields of the object are repaired at once, and the fought-over field is left alone', async () => {
  const { repair, edit, live, successes } = await contested()
  await repair()
  for (let round = 0; round < 8; round++) {
    await edit({ color: 'red' })
    await repair()
  }
  const before = successes()
  await edit({ color: 'blue', size: 'large' })
  await repair()
  expect((await live())['data']).toEqual({ color: 'blue', size: 'small' })
  expect(successes()).toBe(before + 1)
})

test('30 s after the fight the field says what is desired, and after another 30 s nothing is told any more', async () => {
  const { clock, repair, edit, live } = await contested()
  await repair()
  for (let round = 0; round < 8; round++) {
    await edit({ color: 'red' })
    await repair()
  }
  const { nextMs } = await repair()
  await clock.advance(nextMs!)
  expect(nextMs).toBeLessThanOrEqual(30_000)
  expect((await repair()).fights).toHaveLength(1)
  expect((await live())['data'].color).toBe('green')
  await clock.advance(30_000)
  expect((await repair()).fights).toEqual([])
})

test('a user who changes his mind often is not held back', async () => {
  const { repair, live } = await contested()
  for (let round = 0; round < 20; round++) {
    await repair(desired({ color: `c${round}`, size: 'small' }))
    expect((await live())['data'].color).toBe(`c${round}`)
  }
})

test('an object made anew under the same name begins in peace', async () => {
  const { repair, edit, live, other } = await contested()
  await repair()
  for (let round = 0; round < 8; round++) {
    await edit({ color: 'red' })
    await repair()
  }
  await other.delete(KIND, 'default', 'shared')
  await repair()
  await edit({ color: 'red' })
  await repair()
  expect((await live())['data'].color).toBe('green')
})
