import type { Table } from '../row.ts'
import { applies } from './apply.ts'
import { builtIns } from './built-ins.ts'
import { clientNode } from './client-node.ts'
import { customResources } from './custom-resources.ts'
import { definitions } from './definitions.ts'
import { discovery } from './discovery.ts'
import { kubectlTable } from './kubectl.ts'
import { leases } from './leases.ts'
import { lifecycle } from './lifecycle.ts'
import { lists } from './lists.ts'
import { metadata } from './metadata.ts'
import { patches } from './patches.ts'
import { verbs } from './verbs.ts'
import { watches } from './watches.ts'

export const TABLES: readonly Table[] = [
  discovery,
  verbs,
  metadata,
  lists,
  watches,
  patches,
  applies,
  lifecycle,
  leases,
  definitions,
  customResources,
  builtIns,
  kubectlTable,
  clientNode,
]
