import { join } from 'node:path'
import { KUBERNETES_VERSION } from '../../engines/bundles.ts'
import { recordingsIn } from '../recorded.ts'

export const recordings = recordingsIn(join(import.meta.dirname, 'recorded'), `kube-apiserver ${KUBERNETES_VERSION}`)
