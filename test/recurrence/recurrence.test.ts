import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expand } from './oracle.ts'

test('generated series: as independent oracles have them, in four host zones', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--no-warnings', join(import.meta.dirname, 'main.ts'), '--cases', '120', '--seed', '7'],
    { encoding: 'utf8' },
  )
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!)
  if (typeof result.dateutil === 'string') console.info(`only the brute-force oracle ran: ${result.dateutil}`)
  expect(result).toMatchObject({ cases: 120, differ: 0, differByHostZone: 0 })
  expect(status).toBe(0)
}, 120_000)

test('the oracle itself knows the examples of RFC 5545 §3.8.5.3', () => {
  const days = (rrule: string) =>
    expand({ rrule, dtstart: '1997-09-02T09:00:00', tzid: 'America/New_York', exdates: [] }, 5).map(({ local }) =>
      local.slice(0, 10),
    )
  expect(days('FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15')).toEqual(['1997-09-02', '1997-09-15', '1997-10-02', '1997-10-15'])
  expect(days('FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13')).toEqual([
    '1997-09-02',
    '1998-02-13',
    '1998-03-13',
    '1998-11-13',
    '1999-08-13',
  ])
  expect(days('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2')).toEqual([
    '1997-09-02',
    '1997-09-29',
    '1997-10-30',
    '1997-11-27',
    '1997-12-30',
  ])
  expect(days('FREQ=YEARLY;BYDAY=20MO;COUNT=2')).toEqual(['1997-09-02', '1998-05-18'])
})
