import { join } from 'node:path'
import { DAPR_VERSION } from '../../engines/bundles.ts'
import { recordingsIn } from '../recorded.ts'

export const recordings = recordingsIn(join(import.meta.dirname, 'recorded'), `daprd ${DAPR_VERSION}`)
