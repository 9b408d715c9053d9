import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'
import { KubeClient } from '../../controller/kube/client.ts'
import { systemClock } from '../../controller/kube/clock.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { systemRandom } from '../../controller/kube/random.ts'
import { kubeConfigTransport } from '../../controller/kube/transport.ts'
import { listWatch } from '../../controller/kube/watch.ts'
import type { Behaviour } from './watch-matrix-faults.ts'

/** What both sides have in common: names and values of the ConfigMaps they believe in. */
export interface Informer {
  cached(): Map<string, string>
  stop(): Promise<void>
}

function configOf(url: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'faulty', server: url, skipTLSVerify: true }, { name: 'tester' })
  return config
}

export function ourInformer(url: string, { throws = false }: Behaviour): Informer {
  const client = new KubeClient(kubeConfigTransport(configOf(url)))
  const cache = new Map<string, string>()
  const stop = new AbortController()
  let thrown = !throws
  const take = ({ metadata, data }: KubeObject): void => {
    cache.set(metadata.name, data?.value)
    if (thrown) return
    thrown = true
    throw new Error('the handler throws')
  }
  const running = listWatch(
    client,
    { kind: { apiVersion: 'v1', kind: 'ConfigMap' }, signal: stop.signal, clock: systemClock, random: systemRandom },
    {
      replace: objects => {
        cache.clear()
        for (const { metadata, data } of objects) cache.set(metadata.name, data?.value)
      },
      upsert: take,
      remove: ({ metadata }) => cache.delete(metadata.name),
    },
  )
  return {
    cached: () => cache,
    async stop() {
      stop.abort()
      await running
    },
  }
}

export function informerOfClientNode(url: string, { throws = false }: Behaviour): Informer {
  const config = configOf(url)
  const api = config.makeApiClient(CoreV1Api)
  const informer = makeInformer(config, '/api/v1/configmaps', () => api.listConfigMapForAllNamespaces())
  let thrown = !throws
  informer.on('update', () => {
    if (thrown) return
    thrown = true
    throw new Error('the handler throws')
  })
  informer.on('error', () => {})
  informer.start().catch(() => {})
  return {
    cached: () => new Map(informer.list().map(({ metadata, data }) => [metadata!.name!, data?.['value'] ?? ''])),
    stop: () => informer.stop(),
  }
}
