import { KubeConfig } from '@kubernetes/client-node/dist/config.js'

/**
 * The cluster to talk to: `KUBECONFIG`, `~/.kube/config`, or the pod's service account.
 *
 * @throws Error TEP5304 in one line, without what stands in the file: it may hold credentials
 */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig()
  const from = process.env['KUBECONFIG'] ? `KUBECONFIG=${process.env['KUBECONFIG']}` : 'the kubeconfig'
  try {
    config.loadFromDefault()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code ? `cannot be read (${code})` : 'is no kubeconfig'
    throw new Error(
      `TEP5304: ${from} ${why}: name a file that kubectl takes, or unset it to use the pod's service account`,
    )
  }
  if (!config.getCurrentCluster()?.server)
    throw new Error(`TEP5304: ${from} has no current cluster: choose one with kubectl config use-context`)
  return config
}
