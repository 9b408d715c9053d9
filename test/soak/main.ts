import { parseArgs } from 'node:util'
import { soak } from './run.ts'

/**
 * `node test/soak/main.ts [--commands 1000000] [--kills 1000] [--duplicates 0.05] [--reorder 0.02] [--lost-replies 0.01]
 * [--clients 32] [--seed 1]`: the whole data plane under load and failures. Prints one line of JSON; ends with 1 unless
 * nothing was lost, duplicated or reordered. With `--minutes` the load ends
 * then, however much of it has passed: what was acknowledged is judged.
 */
const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '1000' },
    clients: { type: 'string', default: '32' },
    duplicates: { type: 'string', default: '0.05' },
    reorder: { type: 'string', default: '0.02' },
    'lost-replies': { type: 'string', default: '0.01' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    drain: { type: 'string', default: '600' },
  },
})

const result = await soak({
  ...(values.minutes && { signal: AbortSignal.timeout(Number(values.minutes) * 60_000) }),
  commands: Number(values.commands),
  kills: Number(values.kills),
  clients: Number(values.clients),
  duplicates: Number(values.duplicates),
  reorder: Number(values.reorder),
  lostReplies: Number(values['lost-replies']),
  seed: Number(values.seed),
  drainMs: Number(values.drain) * 1000,
  progress: text => process.stderr.write(`${text}\n`),
})
console.log(JSON.stringify(result))
process.exitCode = result.settled && result.lost + result.duplicated + result.reordered === 0 ? 0 : 1
