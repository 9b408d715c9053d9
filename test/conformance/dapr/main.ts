/** `make conformance`, Dapr: the embedded sidecar beside daprd with its scheduler and Kafka. */
import { compareLive } from '../session.ts'
import { recordings } from './recorded.ts'
import { idsOf, runTable } from './run.ts'
import { startEmbeddedStage, startEngineStage } from './stage.ts'
import { TABLES } from './tables/index.ts'

const ids = idsOf(TABLES)
const rows = [...ids].map(([row, id]) => [id, row] as const)
const code = await compareLive({
  name: 'Dapr',
  needs: ['daprd', 'scheduler', 'kafka'],
  tables: TABLES,
  recordings,
  async open(folder) {
    const embedded = await startEmbeddedStage(rows)
    const engine = await startEngineStage(rows, folder)
    return {
      embedded: table => runTable(embedded, table, ids),
      engine: table => runTable(engine, table, ids),
      // One that was built for something else may be found first.
      lacks: async table => {
        if (table.name !== 'conversation') return
        const { components } = (await (await fetch(`${engine.urls.lone}/v1.0/metadata`)).json()) as {
          components: { type: string }[]
        }
        const knows = components.some(({ type }) => type.startsWith('conversation.'))
        return knows ? undefined : 'this daprd was built without components for conversations'
      },
      async stop() {
        await embedded.stop()
        await engine.stop()
      },
    }
  },
})
process.exit(code)
