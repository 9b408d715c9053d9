import type { Table } from '../row.ts'
import { bulks } from './bulk.ts'
import { delivery } from './delivery.ts'
import { invocation } from './invoke.ts'
import { jobs } from './jobs.ts'
import { apiRules, bindings, conversation, runtime, secrets, shutdown } from './others.ts'
import { publishing } from './publish.ts'
import { states } from './state.ts'

export const TABLES: readonly Table[] = [
  publishing,
  delivery,
  bulks,
  states,
  jobs,
  invocation,
  secrets,
  bindings,
  runtime,
  apiRules,
  conversation,
  // Ends a sidecar that the others ask.
  shutdown,
]
