/** The user operator. */
import { randomInt } from 'node:crypto'
import type { KubeObject } from '../../kube-api/api.ts'
import { issue } from '../certificates.ts'
import { type Condition, decodeData, encodeData, ownerReference, writeStatus } from '../status.ts'
import {
  CLUSTER_LABEL,
  type Context,
  clusterOf,
  isPaused,
  KAFKA,
  type Kafka,
  SECRET,
  splitKey,
  USER,
  type User,
} from './types.ts'

const PASSWORD_LENGTH = 32
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LONGEST_TLS_NAME = 64
const CERTIFICATE_DAYS = 365

class UserFailure extends Error {
  override readonly name = 'UserFailure'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

const INVALID = 'io.strimzi.operator.common.model.InvalidResourceException'

const newPassword = (): string =>
  Array.from({ length: PASSWORD_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

async function passwordOf({ client }: Context, user: User, current: string | undefined): Promise<string> {
  const ref = user.spec?.authentication?.password?.valueFrom.secretKeyRef
  if (ref === undefined) return current ?? newPassword()
  const { namespace } = user.metadata
  const data = decodeData(await client.get<KubeObject>(SECRET, namespace, ref.name))
  if (data === undefined) {
    const message = `java.util.concurrent.CompletionException: ${INVALID}: Secret ${ref.name} in namespace ${namespace} not found`
    throw new UserFailure('ExecutionException', message)
  }
  const password = data[ref.key]
  if (password) return password
  const message = `java.util.concurrent.CompletionException: ${INVALID}: Key ${ref.key} not found in secret ${ref.name} in namespace ${namespace}`
  throw new UserFailure('ExecutionException', message)
}

async function scramData(context: Context, user: User, current: Record<string, string>) {
  const password = await passwordOf(context, user, current['password'])
  const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${user.metadata.name}" password="${password}";`
  return { password, 'sasl.jaas.config': login }
}

/** Key and certificate of a TLS user. The PKCS #12 store is left out, as with STRIMZI_PKCS12_KEYSTORE_GENERATION=false. */
async function tlsData({ client, now }: Context, user: User, current: Record<string, string>) {
  const { name, namespace, labels } = user.metadata
  if (name.length > LONGEST_TLS_NAME) {
    const message = `io.strimzi.operator.common.ReconciliationException: ${INVALID}: Users with TLS client authentication can have a username (name of the KafkaUser custom resource) only up to 64 characters long.`
    throw new UserFailure('ExecutionException', message)
  }
  if (current['user.crt'] && current['user.key'] && current['ca.crt']) return current
  const ca = `${labels?.[CLUSTER_LABEL]}-clients-ca`
  const certificate = decodeData(await client.get<KubeObject>(SECRET, namespace, `${ca}-cert`))?.['ca.crt'] ?? ''
  const key = decodeData(await client.get<KubeObject>(SECRET, namespace, ca))?.['ca.key'] ?? ''
  const subject = { organisation: 'io.strimzi', commonName: 'clients-ca v0' }
  const made = issue({ commonName: name }, now(), CERTIFICATE_DAYS, { key, certificate, subject })
  return { 'ca.crt': certificate, 'user.crt': made.certificate, 'user.key': made.key }
}

async function applySecret({ client }: Context, user: User, data: Record<string, string>): Promise<void> {
  const { name, namespace, labels } = user.metadata
  const secret: KubeObject = {
    ...SECRET,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: { [CLUSTER_LABEL]: labels?.[CLUSTER_LABEL] ?? '', 'strimzi.io/kind': 'KafkaUser' },
      ownerReferences: [ownerReference(user)],
    },
    type: 'Opaque',
    data: encodeData(data),
  }
  await client.apply(secret, { fieldManager: 'strimzi-user-operator', force: true })
}

async function manage(
  context: Context,
  user: User,
  clusterName: string,
): Promise<{ secret?: string; username: string }> {
  const { client, log } = context
  const { name, namespace } = user.metadata
  const [, kafkaName] = splitKey(clusterName)
  const kafka = await client.get<Kafka>(KAFKA, namespace, kafkaName)
  const acls = user.spec?.authorization?.acls ?? []
  if (user.spec?.authorization && kafka?.spec?.kafka.authorization?.type !== 'simple') {
    const message =
      'Simple authorization ACL rules are configured but not supported in the Kafka cluster configuration.'
    throw new UserFailure('InvalidResourceException', message)
  }
  const type = user.spec?.authentication?.type
  const username = type?.startsWith('tls') ? `CN=${name}` : name
  const principal = (password?: string): void => log.cluster(clusterName).setPrincipal(username, { password, acls })
  if (type !== 'scram-sha-512' && type !== 'tls') {
    principal()
    return { username }
  }
  const current = decodeData(await client.get<KubeObject>(SECRET, namespace, name)) ?? {}
  const data: Record<string, string> =
    type === 'tls' ? await tlsData(context, user, current) : await scramData(context, user, current)
  if (Object.keys(data).some(key => data[key] !== current[key])) await applySecret(context, user, data)
  principal(data['password'])
  return { secret: name, username }
}

/** Brings one user in step. `forget` gets the cluster and names of a user that is gone. */
export async function reconcileUser(context: Context, key: string, homes: Map<string, string>): Promise<void> {
  const { client, log, now } = context
  const [namespace, name] = splitKey(key)
  const user = await client.get<User>(USER, namespace, name)
  const clusterName = user && clusterOf(user)
  const home = homes.get(key)
  if (home !== undefined && (home !== clusterName || user?.metadata.deletionTimestamp)) {
    for (const username of [name, `CN=${name}`]) log.cluster(home).removePrincipal(username)
    homes.delete(key)
  }
  if (!user || !clusterName || user.metadata.deletionTimestamp || !log.cluster(clusterName).running) return
  if (isPaused(user)) {
    const conditions: Condition[] = [{ type: 'ReconciliationPaused', status: 'True' }]
    const observedGeneration = user.status?.observedGeneration ?? 0
    await writeStatus(client, user, { ...user.status, conditions, observedGeneration }, now())
    return
  }
  const observedGeneration = user.metadata.generation ?? 1
  homes.set(key, clusterName)
  try {
    const identity = await manage(context, user, clusterName)
    const conditions: Condition[] = [{ type: 'Ready', status: 'True' }]
    await writeStatus(client, user, { conditions, observedGeneration, ...identity }, now())
  } catch (error) {
    if (!(error instanceof UserFailure)) throw error
    const { reason, message } = error
    const conditions: Condition[] = [{ type: 'NotReady', status: 'True', reason, message }]
    await writeStatus(client, user, { conditions, observedGeneration }, now())
  }
}
