import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/kit/config.ts'
import { daprClient } from '../src/kit/dapr.ts'
import { startPostgres } from '../src/local/postgres/index.ts'
import { component, startPlace } from '../src/local/sidecar/testing.ts'
import { appendMessages, type Message, messagesOf } from '../src/services/backend/chat/conversation.ts'

const said = (content: string): Message => ({ role: 'user', content, at: '2030-01-01T00:00:00.000Z' })

/** The store that platforms have, behind a sidecar as the services have one. */
test('conversations in Dapr’s state store: the first write wins, and nobody’s message is lost', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tep-state-'))
  const postgres = await startPostgres({ dataDir, fsync: false })
  await postgres.createDatabase({ name: 'state', owner: 'state', password: 'secret' })
  const url = `postgres://state:secret@${postgres.host}:${postgres.port}/state`
  const place = await startPlace([
    component('statestore', 'state.postgresql', [{ name: 'connectionString', value: url }], 'v2'),
  ])
  try {
    await place.healthy()
    const dapr = daprClient(loadConfig({ DAPR_HTTP_PORT: String(place.sidecar.httpPort) }, []))
    expect(await dapr.getState('conv:none')).toBeUndefined()
    expect(await dapr.saveState('conv:a', { n: 1 })).toBe(true)
    expect(await dapr.saveState('conv:a', { n: 2 })).toBe(false)
    const first = (await dapr.getState<{ n: number }>('conv:a'))!
    expect(first.value).toEqual({ n: 1 })
    expect(await dapr.saveState('conv:a', { n: 3 }, first.etag)).toBe(true)
    expect(await dapr.saveState('conv:a', { n: 4 }, first.etag)).toBe(false)
    await dapr.deleteState('conv:a')
    expect(await dapr.getState('conv:a')).toBeUndefined()

    const words = ['one', 'two', 'three', 'four']
    await Promise.all(words.map(word => appendMessages(dapr, 'b', [said(word)])))
    const kept = await messagesOf(dapr, 'b')
    expect(kept.map(({ content }) => content).sort()).toEqual([...words].sort())
    for (let i = 0; i < 30; i++) await appendMessages(dapr, 'b', ['x', 'y', 'z', `${i}`].map(said))
    const latest = await messagesOf(dapr, 'b')
    expect(latest).toHaveLength(100)
    expect(latest.at(-1)!.content).toBe('29')
  } finally {
    await place.close()
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
})
