/** `make conformance`, Kubernetes: the embedded API server beside kube-apiserver with etcd and the controller manager. */
import { compareLive } from '../session.ts'
import { prepare } from './fixtures-run.ts'
import { recordings } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { startEmbedded, startEngine } from './targets.ts'

const code = await compareLive({
  name: 'Kubernetes',
  needs: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'],
  tables: TABLES,
  recordings,
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
})
process.exit(code)
