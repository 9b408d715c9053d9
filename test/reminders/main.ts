import { parseArgs } from 'node:util'
import { ringAll } from './run.ts'

/**
 * `node test/reminders/main.ts [--reminders 100000] [--kills 200] [--rate 100] [--seed 1]`: reminders under restarts. Prints
 * one line of JSON; ends with 1 when one rang early, twice, not at all, or though it was cancelled.
 */
const { values } = parseArgs({
  options: {
    reminders: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '200' },
    rate: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})

const result = await ringAll({
  reminders: Number(values.reminders),
  kills: Number(values.kills),
  rate: Number(values.rate),
  seed: Number(values.seed),
  drainMs: 600_000,
  progress: text => process.stderr.write(`${text}\n`),
})
console.log(JSON.stringify(result))
process.exitCode = result.early + result.twice + result.missed + result.cancelledRung === 0 ? 0 : 1
