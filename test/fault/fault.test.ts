/** A small fixed set of the schedules of `make fault`; and the simulator itself held to its promise of determinism. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFECTS } from './defects-list.ts'
import { FAMILIES } from './families.ts'
import { Random } from './random.ts'
import { SCENARIOS } from './scenarios.ts'
import { runSchedule } from './schedule.ts'

/** Each family once, over scenarios that cost little. */
const CHEAP = SCENARIOS.filter(({ whole }) => !whole).map(({ name }) => name)
const EACH_FAMILY = Object.keys(FAMILIES).map((family, index) => `${CHEAP[(index * 7) % CHEAP.length]}/${family}/1`)
/** What failed once, and what must not be left to the turn of a family. */
const ALWAYS = [
  'deleted-and-made-again/server-restart/1',
  'two-replicas-change/storm/1',
  'operator-upgraded-and-back/clock-step/1',
  'anything-and-then-sense/none/4',
  'anything-and-then-sense/none/8',
  'suspended/server-restart/3',
  'suspended/unobserved/22',
  'deleted-keeping-data/restored/2',
  'label-stripped/server-restart/5',
  'service-enabled/answer-lost-stale/2',
  'operator-upgraded-unpinned/crash-before-write/3',
  'child-deleted/forbidden/40',
  'deleted-while-suspended/storm/5',
  'version-changed-and-back/stale-view-unreported/1',
  'edited-and-deleted/answer-late/21',
]
const FIXED = [...EACH_FAMILY, ...ALWAYS]

describe('schedules', () => {
  test.each(FIXED)('%s', async name => {
    const { violations } = await runSchedule(name)
    expect(violations).toEqual([])
  })

  test('the same name is the same run, call by call', async () => {
    const calls = async (): Promise<string[]> => {
      const lines: string[] = []
      await runSchedule('service-scaled/storm/1', line => lines.push(line))
      return (
        lines
          .filter(line => /^\d+ replica-\d [A-Z]+ \//.test(line))
          // The server draws uids by itself, and Events are named by them.
          .filter(line => !line.includes('/events/'))
      )
    }
    const first = await calls()
    expect(first.length).toBeGreaterThan(20)
    expect(await calls()).toEqual(first)
  })

  test('a name that means nothing is refused with the ones that do', async () => {
    await expect(runSchedule('create/no-such-fault/1')).rejects.toThrow(/crash-before-write/)
    await expect(runSchedule('no-such-scenario/none/1')).rejects.toThrow(/service-scaled/)
  })
})

test('random numbers come from the seed alone', () => {
  const drawn = (seed: number): number[] => {
    const random = new Random(seed)
    return Array.from({ length: 5 }, () => random.int(0, 1_000_000))
  }
  expect(drawn(7)).toEqual(drawn(7))
  expect(drawn(7)).not.toEqual(drawn(8))
})

test.each(DEFECTS.map(({ name, file, find }) => ({ name, file, find })))(
  'the defect "$name" fits the source',
  ({ file, find }) => {
    const path = join(import.meta.dirname, '../..', file)
    expect(existsSync(path)).toBe(true)
    expect(readFileSync(path, 'utf8')).toContain(find)
  },
)
