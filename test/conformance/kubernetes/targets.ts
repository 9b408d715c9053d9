/** The two sides: the embedded API server behind its own HTTPS, and a control plane of the real programs. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubeconfig, openKubeApi, serveKubeApi } from '../../../src/local/kube-api/index.ts'
import { startControlPlane } from '../../engines/kubernetes.ts'
import type { Target } from './target.ts'

/** Of kube-controller-manager what the embedded server does too; the rest would write into what the rows look at. */
const CONTROLLERS = ['garbage-collector-controller', 'namespace-controller'] as const

export async function startEmbedded(folder: string): Promise<Target> {
  const api = await openKubeApi({ store: 'memory' })
  const token = 'conformance'
  const served = await serveKubeApi(api, { tokens: { [token]: 'admin' } })
  const { certificateAuthority, url } = served
  const file = join(folder, 'embedded.kubeconfig')
  writeFileSync(file, kubeconfig({ url, token, namespace: 'default', certificateAuthority }))
  return {
    name: 'embedded',
    url,
    token,
    certificateAuthority,
    kubeconfig: file,
    // Its controllers run in this process and at once.
    patienceMilliseconds: 3000,
    // The history of the embedded server is that of kube-apiserver's watch cache, which a compaction of etcd leaves alone.
    compact: async () => {},
    async stop() {
      await served.close()
      api.close()
    },
  }
}

export async function startEngine(folder: string): Promise<Target> {
  const plane = await startControlPlane({ folder: join(folder, 'engine'), controllers: CONTROLLERS })
  return {
    name: 'engine',
    url: plane.url,
    token: plane.token,
    certificateAuthority: plane.certificateAuthority,
    kubeconfig: plane.kubeconfig,
    patienceMilliseconds: 10_000,
    compact: () => plane.compact(),
    stop: () => plane.stop(),
  }
}
