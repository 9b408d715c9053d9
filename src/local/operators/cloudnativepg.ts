/** A stand-in for CloudNativePG 1.30: a Cluster becomes a database on the place's PostgreSQL, with the operator's Secret. */
import { randomBytes } from 'node:crypto'
import type { Kind, KubeObject, LocalClient } from '../kube-api/api.ts'
import { workQueue } from '../work-queue.ts'
import { decodeData, encodeData, ownerReference, type Resource } from './status.ts'

export interface DatabaseServer {
  /** Makes the database and its owner, or sets the owner's password when they exist. */
  createDatabase(database: { name: string; owner: string; password: string }): Promise<{ host: string; port: number }>
  dropDatabase(name: string): Promise<void>
}

export interface CloudNativePgOptions {
  client: LocalClient
  database: DatabaseServer
  now?: () => number
  onError?: (key: string, error: unknown) => void
}

type Cluster = Resource<{ instances: number; bootstrap?: { initdb?: { database?: string; owner?: string } } }>

const CLUSTER: Kind = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' }
const SECRET: Kind = { apiVersion: 'v1', kind: 'Secret' }
const HEALTHY = 'Cluster in healthy state'

/** The place has one server for all clusters, so the database carries the names of its cluster. */
const databaseOf = (cluster: Cluster): string => {
  const { namespace, name } = cluster.metadata
  return `${namespace}_${name}_${cluster.spec?.bootstrap?.initdb?.database ?? 'app'}`.replaceAll('-', '_')
}

function credentials(host: string, port: number, database: string, username: string, password: string) {
  const uri = `postgresql://${username}:${password}@${host}:${port}/${database}`
  const jdbc = `jdbc:postgresql://${host}:${port}/${database}?password=${password}&user=${username}`
  return {
    username,
    user: username,
    password,
    dbname: database,
    host,
    port: String(port),
    pgpass: `${host}:${port}:${database}:${username}:${password}\n`,
    uri,
    'fqdn-uri': uri,
    'jdbc-uri': jdbc,
    'fqdn-jdbc-uri': jdbc,
  }
}

export function startCloudNativePg(options: CloudNativePgOptions): { stop(): Promise<void> } {
  const { client, database: server, now = Date.now, onError = () => {} } = options
  const databases = new Map<string, string>()

  async function reconcile(key: string): Promise<void> {
    const [namespace, name = ''] = key.split('/')
    const cluster = await client.get<Cluster>(CLUSTER, namespace, name)
    if (!cluster || cluster.metadata.deletionTimestamp) {
      const gone = databases.get(key)
      databases.delete(key)
      if (gone !== undefined) await server.dropDatabase(gone)
      return
    }
    const database = databaseOf(cluster)
    const secretName = `${name}-app`
    const known = decodeData(await client.get<KubeObject>(SECRET, namespace, secretName))
    const password = known?.['password'] ?? randomBytes(32).toString('base64url')
    const owner = database
    const { host, port } = await server.createDatabase({ name: database, owner, password })
    databases.set(key, database)
    const secret: KubeObject = {
      ...SECRET,
      metadata: {
        name: secretName,
        ...(namespace !== undefined && { namespace }),
        labels: { 'cnpg.io/cluster': name, 'cnpg.io/reload': 'true', 'cnpg.io/userType': 'app' },
        ownerReferences: [ownerReference(cluster, true)],
      },
      type: 'kubernetes.io/basic-auth',
      data: encodeData(credentials(host, port, database, owner, password)),
    }
    await client.apply(secret, { fieldManager: 'cloudnative-pg', force: true })
    await report(cluster)
  }

  async function report(cluster: Cluster): Promise<void> {
    const instances = cluster.spec?.instances ?? 1
    const { name, generation } = cluster.metadata
    const before = cluster.status?.conditions?.find(condition => condition.type === 'Ready')
    const lastTransitionTime = before?.lastTransitionTime ?? new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z')
    const status = {
      phase: HEALTHY,
      instances,
      readyInstances: instances,
      currentPrimary: `${name}-1`,
      targetPrimary: `${name}-1`,
      writeService: `${name}-rw`,
      readService: `${name}-r`,
      observedGeneration: generation ?? 1,
      conditions: [
        {
          type: 'Ready',
          status: 'True' as const,
          reason: 'ClusterIsReady',
          message: 'Cluster is Ready',
          lastTransitionTime,
        },
      ],
    }
    if (JSON.stringify(cluster.status) === JSON.stringify(status)) return
    await client.replace({ ...cluster, status } as KubeObject, 'status')
  }

  const queue = workQueue(reconcile, onError)
  const stop = client.watch<KubeObject>(CLUSTER, {}, event => {
    if (event.type !== 'SYNCED') queue.add(`${event.object.metadata.namespace}/${event.object.metadata.name}`)
  })
  return {
    async stop() {
      stop()
      await queue.stop()
    },
  }
}
