import { parseArgs } from 'node:util'
import { type Behaviour, FAULTS, type MatrixFault } from './watch-matrix-faults.ts'
import { type Informer, informerOfClientNode, ourInformer } from './watch-matrix-informers.ts'
import { FaultyServer } from './watch-matrix-server.ts'

/**
 * `node test/fault/watch-matrix.ts [--only text]`: the same faults over real sockets against our list-watch and against the informer of
 * @kubernetes/client-node, side by side. An informer passes when its cache is what the server holds within the time given,
 * without a storm of requests, an unhandled rejection or a socket left open after `stop`.
 */
const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const faults = FAULTS.filter(({ name }) => name.includes(values.only))
const PATIENCE_MS = 12_000
const STORM = 40

let rejections = 0
process.on('unhandledRejection', () => {
  rejections++
})

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function judge(fault: MatrixFault, open: (url: string, behaviour: Behaviour) => Informer): Promise<string> {
  const server = await FaultyServer.open(fault)
  const before = rejections
  const informer = open(server.url, fault)
  const startedAt = performance.now()
  try {
    if (fault.stopsAfterMs !== undefined) await pause(fault.stopsAfterMs)
    else {
      await pause(500)
      server.change()
      while (performance.now() - startedAt < PATIENCE_MS && !server.agrees(informer.cached())) await pause(50)
    }
    const took = Math.round(performance.now() - startedAt)
    const agreed = fault.stopsAfterMs !== undefined || server.agrees(informer.cached())
    await informer.stop()
    await pause(1_500)
    if (rejections > before) return 'unhandled rejection'
    if (!agreed) return `blind after ${PATIENCE_MS / 1_000} s`
    if (server.requests > STORM) return `storm: ${server.requests} requests`
    if (server.openWatches > 0) return `${server.openWatches} watch open after stop`
    return fault.stopsAfterMs === undefined ? `ok ${took} ms` : 'ok'
  } finally {
    await server.close()
  }
}

console.log(`${'fault'.padEnd(44)}${'ours'.padEnd(28)}client-node`)
const lost = { ours: 0, theirs: 0 }
// One after another: rejections must be told apart.
for (const fault of faults) {
  const ours = await judge(fault, ourInformer)
  const theirs = await judge(fault, informerOfClientNode)
  if (!ours.startsWith('ok')) lost.ours++
  if (!theirs.startsWith('ok')) lost.theirs++
  console.log(`${fault.name.padEnd(44)}${ours.padEnd(28)}${theirs}`)
}
console.log(`\n${faults.length} faults: ours fails ${lost.ours}, client-node fails ${lost.theirs}`)
process.exit(lost.ours === 0 ? 0 : 1)
