import { parseArgs } from 'node:util'
import { fuzz } from '../../src/contracts/events/fuzz.testing.ts'

/** `node test/fuzz/main.ts [--bodies 1000000] [--seed 1]`: arbitrary bodies against the reader of events; ends with 1 at the first broken promise. */
const { values } = parseArgs({
  options: { bodies: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const [bodies, seed] = [Number(values.bodies), Number(values.seed)]
const BLOCK = 50_000
const total = { event: 0, unknown: 0, invalid: 0 }

for (let done = 0; done < bodies; done += BLOCK) {
  const found = fuzz(Math.min(BLOCK, bodies - done), seed + done)
  for (const outcome of ['event', 'unknown', 'invalid'] as const) total[outcome] += found[outcome]
  process.stderr.write(`${Math.min(bodies, done + BLOCK)} of ${bodies}\n`)
}
console.log(JSON.stringify({ bodies, seed, ...total }))
