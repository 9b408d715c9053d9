import { parseArgs } from 'node:util'
import { tryAll } from './run.ts'

/**
 * `node test/isolation/main.ts [--attempts 100000] [--seed 1]`: attempts to see or change what is somebody else's, over
 * every interface. Prints one line of JSON; ends with 1 when one succeeded.
 */
const { values } = parseArgs({
  options: { attempts: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const attempts = Number(values.attempts)
const result = await tryAll(attempts, Number(values.seed), made => process.stderr.write(`${made} of ${attempts}\n`))
console.log(JSON.stringify(result))
process.exitCode = result.leaks + result.changed.length === 0 ? 0 : 1
