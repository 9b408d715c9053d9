/** create and update: the one way in which an object comes to be stored (kubernetes/apiserver/pkg/registry/rest). */

import { randomUUID } from 'node:crypto'
import { equalButForTimes, trackScale, trackUpdate } from '../apply/managers.ts'
import { type Context, inVersion, timestamp } from '../context.ts'
import { settleNames } from '../controllers/naming.ts'
import { child, clone, equal, type Json, type JsonObject, show } from '../json.ts'
import { allocate } from '../kinds/allocate.ts'
import { prepareStatus } from '../kinds/custom-definitions.ts'
import { warnOfFinalizers } from '../kinds/names.ts'
import { definitionsTable, type ResourceType } from '../kinds/registry.ts'
import { warningsOf } from '../kinds/secret-warnings.ts'
import type { WriteOptions } from '../request.ts'
import { applyDefaults } from '../schema/defaults.ts'
import { alreadyExists, badRequest, conflict, forbidden, modified, notFound, StatusError } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { asObject, cannotHandle, type NormaliseOptions, normalise, type Refusal, storedType } from './normalise.ts'
import { check } from './validation.ts'

export interface Written {
  object: JsonObject
  created: boolean
}

const namespaces = { group: '', plural: 'namespaces', kind: 'Namespace' }
const suffix = () =>
  Array.from({ length: 5 }, () => 'bcdfghjklmnpqrstvwxz2456789'[Math.floor(Math.random() * 27)]).join('')

/** New objects need a namespace that exists and is not on its way out. */
function requireNamespace(context: Context, type: ResourceType, namespace: string, name: string): void {
  const entry = context.store.get('/namespaces', '', namespace)
  if (!entry) throw notFound(namespaces, namespace)
  if ((entry.object['metadata'] as JsonObject)['deletionTimestamp'] !== undefined)
    throw forbidden(
      type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    )
}

function setNamespace(metadata: JsonObject, type: ResourceType, namespace: string | undefined): void {
  if (!type.namespaced) {
    if (metadata['namespace']) throw badRequest('namespace: Forbidden: not allowed on this type')
    return
  }
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== '' && metadata['namespace'] !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  metadata['namespace'] = namespace!
}

/** POST, and the first apply of an object (`applied`: its managedFields are already set). */
export function create(
  context: Context,
  type: ResourceType,
  namespace: string | undefined,
  body: unknown,
  options: WriteOptions,
  applied = false,
): Written {
  const object = applied ? asObject(body, type) : clone(asObject(body, type))
  const metadata = object['metadata'] as JsonObject
  setNamespace(metadata, type, namespace)
  if (metadata['resourceVersion'])
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created')
  if (!metadata['name'] && metadata['generateName'])
    metadata['name'] = `${show(metadata['generateName']).slice(0, 58)}${suffix()}`
  const name = show(metadata['name'] ?? '')
  if (namespace !== undefined) requireNamespace(context, type, namespace, name)
  const there = context.store.get(type.table, namespace ?? '', name)
  if (there)
    throw alreadyExists(type, name, (there.object['metadata'] as JsonObject)['deletionTimestamp'] !== undefined)

  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'generation'])
    delete metadata[field]
  if (!applied) delete metadata['managedFields']
  if (type.status) delete object['status']
  const stored = normalise(object, type, { ...options, how: applied ? 'applied' : 'sent', refuse: cannotHandle })
  uniteOwners(metadata, options.warn, applied)
  metadata['uid'] = randomUUID()
  metadata['creationTimestamp'] = timestamp(context.now())
  if (type.crd || type.builtIn?.generation) metadata['generation'] = 1
  const own = storedType(context.registry, type)
  if (!applied)
    trackUpdate(undefined, inVersion(stored, type), type, {
      manager: options.fieldManager,
      subresource: '',
      time: timestamp(context.now()),
    })
  complete(stored, undefined, type, own)
  if (type.table === definitionsTable) prepareStatus(stored, undefined)
  check(own, stored, undefined, '', type.apiVersion)
  for (const text of warningsOf(stored, own)) options.warn(text)
  if (type.crd) warnOfFinalizers(metadata, {}, options.warn)
  if (options.dryRun) return { object: inVersion(stored, type), created: true }
  const entry = context.store.put(type.table, stored)
  settle(context, entry)
  return { object: inVersion(entry.object, type), created: true }
}

/** What is added once it is noted who wrote what. In place. */
function complete(object: JsonObject, before: JsonObject | undefined, type: ResourceType, own: ResourceType): void {
  if (type.builtIn) allocate(object, before, own)
  else if (type.schema !== type.storageSchema) applyDefaults(object, type.storageSchema)
}

/** What a controller of the server itself does at once. */
function settle(context: Context, { table, object }: StoredObject): void {
  if (table === definitionsTable) settleNames(context, child(object, 'spec')['group'])
}

export interface UpdateOptions extends WriteOptions, Pick<NormaliseOptions, 'how'> {
  subresource: '' | 'status' | 'scale'
  /** In place of the usual words about a body that cannot be read. */
  refuse?: Refusal
}

/** PUT and every PATCH: `body` is the whole object as it shall be. */
export function update(
  context: Context,
  type: ResourceType,
  entry: StoredObject,
  body: unknown,
  options: UpdateOptions,
): Written {
  const before = entry.object
  const was = before['metadata'] as JsonObject
  const sent = asObject(body, type, options.how === 'patched')
  const sentMetadata = sent['metadata'] as JsonObject
  if (sentMetadata['name'] !== undefined && sentMetadata['name'] !== entry.name)
    throw badRequest(
      `the name of the object (${show(sentMetadata['name'])}) does not match the name on the URL (${entry.name})`,
    )
  // What an apply gives up may be all of the metadata there is in it.
  if (options.how !== 'applied' && !sentMetadata['name'])
    throw badRequest(`the name of the object (${entry.name} based on URL) was undeterminable: name must be provided`)
  checkPreconditions(type, entry, sentMetadata, options.how)
  const normalised = normalise(options.how === 'applied' ? writable(sent, options) : clone(sent), type, {
    ...options,
    refuse: options.refuse ?? cannotHandle,
  })
  const after =
    options.subresource === 'status'
      ? statusOnly(before, normalised, options.how)
      : withStatusOf(before, normalised, type)
  const metadata = after['metadata'] as JsonObject
  setNamespace(metadata, type, type.namespaced ? entry.namespace : undefined)
  keepMetadata(metadata, was)
  uniteOwners(metadata, options.warn, options.how !== 'sent')
  const own = storedType(context.registry, type)
  const time = timestamp(context.now())
  if (options.subresource === 'scale') trackScale(before, after, own, options.fieldManager)
  else if (options.how !== 'applied')
    trackUpdate(inVersion(before, type), inVersion(after, type), type, {
      manager: options.fieldManager,
      subresource: options.subresource,
      time,
    })
  if (options.subresource !== 'status') complete(after, before, type, own)
  if (was['generation'] !== undefined && options.subresource !== 'status' && changesSpec(before, after, type))
    metadata['generation'] = (was['generation'] as number) + 1
  if (type.table === definitionsTable && options.subresource !== 'status') prepareStatus(after, before)
  check(own, after, before, options.subresource, type.apiVersion)
  for (const text of warningsOf(after, own)) options.warn(text)
  if (type.crd) warnOfFinalizers(metadata, was, options.warn)
  if (equalButForTimes(before, after)) return { object: inVersion(before, type), created: false }
  if (options.dryRun) return { object: inVersion(after, type), created: false }
  storeOrFinish(context, entry, after)
  const stored = context.store.get(entry.table, entry.namespace, entry.name)
  // Who took the last finalizer off is answered with what was to be written, which was never stored.
  if (!stored) return { object: inVersion(after, type), created: false }
  settle(context, stored)
  return { object: inVersion(stored.object, type), created: false }
}

/** What of the metadata nobody but the server decides on stays as it is; what may not be changed is left for validation to find. */
function keepMetadata(metadata: JsonObject, was: JsonObject): void {
  for (const field of ['name', 'resourceVersion', 'creationTimestamp', 'generation', 'selfLink'])
    if (was[field] === undefined) delete metadata[field]
    else metadata[field] = was[field]
  metadata['uid'] ||= was['uid']!
  if (was['deletionTimestamp'] !== undefined) metadata['deletionTimestamp'] = was['deletionTimestamp']
  if (was['deletionGracePeriodSeconds'] !== undefined)
    metadata['deletionGracePeriodSeconds'] ??= was['deletionGracePeriodSeconds']
}

/** The same owner twice is one (apiserver/pkg/endpoints/handlers/rest.go, dedupOwnerReferences). In place. */
function uniteOwners(metadata: JsonObject, warn: WriteOptions['warn'], patched: boolean): void {
  const owners = metadata['ownerReferences']
  if (!Array.isArray(owners) || owners.length < 2) return
  const isRepeated = (owner: Json, index: number) => owners.slice(0, index).some(other => equal(other, owner))
  const repeated = owners.filter(isRepeated)
  if (repeated.length === 0) return
  metadata['ownerReferences'] = owners.filter((owner, index) => !isRepeated(owner, index))
  const uids = repeated.map(owner => show((owner as JsonObject)['uid'])).join(', ')
  warn(
    `.metadata.ownerReferences contains duplicate entries${patched ? ' after mutating admission happens' : ''}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  )
}

/** What an apply made is a copy already; of its sub-resource only the status is looked at. */
function writable(made: JsonObject, { subresource }: UpdateOptions): JsonObject {
  if (subresource !== 'status') return made
  const { apiVersion, kind, metadata, status } = made
  return { apiVersion: apiVersion!, kind: kind!, metadata: metadata!, ...(status !== undefined && { status }) }
}

/** Where kube-apiserver keeps what is not kept under its plural (pkg/kubeapiserver/default_storage_factory_builder.go). */
const STORED_AT: Readonly<Record<string, string>> = {
  endpoints: 'services/endpoints',
  ingresses: 'ingress',
  nodes: 'minions',
  services: 'services/specs',
}

/** The key under which kube-apiserver would keep an object in etcd: some of its messages tell it. */
function storageKey(type: ResourceType, { namespace, name }: StoredObject): string {
  const own = !type.builtIn || type.table === definitionsTable
  const prefix = own ? `${type.group}/${type.plural}` : (STORED_AT[type.plural] ?? type.plural)
  return ['/registry', prefix, namespace, name].filter(Boolean).join('/')
}

/** The uid of a whole object says which one is meant; that of a patch would be a change of it. */
function checkPreconditions(
  type: ResourceType,
  entry: StoredObject,
  metadata: JsonObject,
  how: UpdateOptions['how'],
): void {
  const { uid, resourceVersion } = metadata
  const current = (entry.object['metadata'] as JsonObject)['uid']
  if (how === 'sent' && uid && uid !== current)
    throw conflict(
      type,
      entry.name,
      `StorageError: invalid object, Code: 4, Key: ${storageKey(type, entry)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${show(uid)}, UID in object meta: ${show(current)}`,
    )
  if (resourceVersion && !/^\d+$/.test(show(resourceVersion)))
    throw new StatusError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== String(entry.version))
    throw modified(type, entry.name)
}

/** An update of the status changes the status and nothing else. */
function statusOnly(before: JsonObject, sent: JsonObject, how: UpdateOptions['how']): JsonObject {
  const metadata = clone(before['metadata']) as JsonObject
  const fields = (sent['metadata'] as JsonObject)['managedFields']
  if (how === 'applied' && fields !== undefined) metadata['managedFields'] = fields
  // The rest stays as it is stored, frozen: nothing below changes it.
  const after: JsonObject = { ...before, metadata }
  if (sent['status'] === undefined) delete after['status']
  else after['status'] = sent['status']
  return after
}

/** An update of the object itself leaves its status, where that is a sub-resource. */
function withStatusOf(before: JsonObject, sent: JsonObject, type: ResourceType): JsonObject {
  if (!type.status) return sent
  if (before['status'] === undefined) delete sent['status']
  else sent['status'] = before['status']
  return sent
}

/** Built-in kinds count changes of the spec, Deployments of annotations, too; custom resources those of everything but metadata and status. */
function changesSpec(before: JsonObject, after: JsonObject, type: ResourceType): boolean {
  if (type.builtIn)
    return (
      !equal(before['spec'], after['spec']) ||
      (type.builtIn.countsAnnotations === true &&
        !equal(child(before, 'metadata')['annotations'], child(after, 'metadata')['annotations']))
    )
  const ignored = new Set(['metadata', 'apiVersion', 'kind', ...(type.status ? ['status'] : [])])
  const rest = (object: JsonObject) => Object.fromEntries(Object.entries(object).filter(([key]) => !ignored.has(key)))
  return !equal(rest(before), rest(after))
}

/** An object that is being deleted goes when its last finalizer does; anything else is stored. */
export function storeOrFinish(context: Context, entry: StoredObject, after: JsonObject): StoredObject {
  const metadata = after['metadata'] as JsonObject
  const finalizers = (metadata['finalizers'] as string[] | undefined) ?? []
  const grace = (metadata['deletionGracePeriodSeconds'] as number | undefined) ?? 0
  const done = metadata['deletionTimestamp'] !== undefined && finalizers.length === 0 && grace === 0
  if (!done || holdsNamespace(after)) return context.store.put(entry.table, after)
  // The last state that watchers see is the stored one; only pods are marked before they go.
  return context.store.remove(entry, entry.table === '/pods' ? after : entry.object)
}

/** A namespace stays until its contents are gone: the namespace controller then clears `spec.finalizers`. */
export function holdsNamespace(object: JsonObject): boolean {
  const spec = object['spec'] as JsonObject | undefined
  return (
    object['kind'] === 'Namespace' &&
    object['apiVersion'] === 'v1' &&
    ((spec?.['finalizers'] as string[] | undefined) ?? []).length > 0
  )
}
