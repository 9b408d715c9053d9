import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { upcoming } from '../../src/kit/occurrence.ts'
import { anySeries } from './cases.ts'
import { expand, type OracleOccurrence, type OracleSeries } from './oracle.ts'

export interface Checked {
  cases: number
  /** Of everything computed: equal in every host zone. */
  digest: string
  /** Cases computed by python-dateutil too; a text says why not. */
  dateutil: number | string
  failures: { oracle: string; series: OracleSeries; wanted: unknown; got: unknown }[]
}

const LIMIT = 6
/** Beyond this the oracles stop looking for an occurrence of a rare rule. */
const HORIZON_YEARS = 11

/** Computes `cases` series in three ways; `only` the product's leaves out the oracles. */
export function check(cases: number, seed: number, oracles = true): Checked {
  const sample = fc.sample(anySeries, { numRuns: cases, seed })
  const hash = createHash('sha256')
  const failures: Checked['failures'] = []
  const ours = sample.map(series => {
    const got = compute(series)
    hash.update(JSON.stringify(got))
    return got
  })
  const compare = (
    oracle: string,
    wanted: (i: number) => unknown,
    seen: (got: Computed) => unknown = got => got,
  ): void => {
    for (const [i, series] of sample.entries()) {
      const [right, got] = [wanted(i), seen(near(ours[i]!, series))]
      if (!isDeepStrictEqual(right, got)) failures.push({ oracle, series, wanted: right, got })
    }
  }
  let dateutil: Checked['dateutil'] = 'not asked'
  if (oracles) {
    compare('brute force', i => near(expand(sample[i]!, LIMIT), sample[i]!))
    const theirs = byDateutil(sample)
    if (typeof theirs === 'string') dateutil = theirs
    else {
      dateutil = theirs.length
      // Its instants come from the tz data of another package, which may be of another year.
      const wall = (got: Computed) => (Array.isArray(got) ? got.map(({ local }) => local) : got)
      compare(
        'dateutil',
        i => (cutsWeeks(sample[i]!) ? wall(near(ours[i]!, sample[i]!)) : wall(near(theirs[i]!, sample[i]!))),
        wall,
      )
    }
  }
  return { cases, digest: hash.digest('hex'), dateutil, failures }
}

/** dateutil begins the first week at DTSTART and numbers BYSETPOS from there; the RFC speaks of the whole week. */
const cutsWeeks = ({ rrule }: OracleSeries): boolean => /WEEKLY.*BYSETPOS/.test(rrule)

/** An error is an answer too, and a wrong one. */
type Computed = OracleOccurrence[] | string

function compute(series: OracleSeries): Computed {
  try {
    return upcoming(series, LIMIT)
  } catch (error) {
    return String(error)
  }
}

function near(occurrences: Computed, { dtstart }: OracleSeries): Computed {
  if (typeof occurrences === 'string') return occurrences
  const end = `${Number(dtstart.slice(0, 4)) + HORIZON_YEARS}`
  return occurrences.filter(({ local }) => local < end)
}

function byDateutil(sample: readonly OracleSeries[]): OracleOccurrence[][] | string {
  const script = join(import.meta.dirname, 'dateutil_oracle.py')
  const { status, stdout, stderr, error } = spawnSync('python3', [script, String(LIMIT)], {
    input: sample.map(series => JSON.stringify(series)).join('\n'),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  if (error || /No module named|not found/.test(stderr)) return 'python3 with dateutil is not here'
  if (status !== 0) throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as OracleOccurrence[])
}
