import { parseArgs } from 'node:util'
import { publishBacklog } from './run.ts'

/** `node test/backlog/main.ts [--rows 1000000]`: prints one line of JSON; ends with 1 when events are missing or out of order. */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const result = await publishBacklog(Number(values.rows))
console.log(JSON.stringify(result))
process.exitCode = result.missing + result.reordered === 0 ? 0 : 1
