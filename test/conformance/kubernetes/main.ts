/** `make conformance`, Kubernetes: the embedded API server beside kube-apiserver with etcd and the controller manager. */
import { compareLive } from '../session.ts'
import { type Exceptions, exceptionsIn, readExceptions, summary, unexpected } from './exceptions.ts'
import { prepare } from './fixtures-run.ts'
import { recordings } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { startEmbedded, startEngine } from './targets.ts'

const noted = readExceptions()
const found: Exceptions[] = []
const code = await compareLive({
  name: 'Kubernetes',
  needs: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'],
  tables: TABLES,
  recordings,
  notes: 'exceptions.golden.yaml',
  async open(folder) {
    const embedded = await startEmbedded(folder)
    const engine = await startEngine(folder)
    for (const target of [embedded, engine]) await prepare(target)
    return {
      embedded: table => runTable(embedded, table),
      engine: table => runTable(engine, table),
      async stop() {
        await embedded.stop()
        await engine.stop()
      },
    }
  },
  judge({ name }, ours, theirs) {
    const differing = exceptionsIn(ours, theirs)
    found.push(differing)
    return {
      differing: Object.keys(differing).length,
      unnoted: unexpected(differing, noted[name] ?? {}, Object.keys(ours)),
    }
  },
})
if (found.length > 0) for (const line of summary(found)) console.log(line)
process.exit(code)
