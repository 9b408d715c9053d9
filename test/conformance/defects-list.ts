/** One behaviour of the embedded parts broken, as a change of the source, and the recorded table that has to notice. */
export interface Defect {
  name: string
  table: 'kubernetes' | 'dapr' | 'strimzi'
  file: string
  find: string
  replace: string
}

const API = 'src/local/kube-api'
const SIDECAR = 'src/local/sidecar'
const STRIMZI = 'src/local/operators/strimzi'

export const DEFECTS: readonly Defect[] = [
  {
    name: 'server-side apply takes over fields without asking',
    table: 'kubernetes',
    file: `${API}/apply/managers.ts`,
    find: 'if (conflicts.length > 0 && !force) throw',
    replace: 'if (conflicts.length > 99 && !force) throw',
  },
  {
    name: 'an update with an old resourceVersion is taken',
    table: 'kubernetes',
    file: `${API}/verbs/write.ts`,
    find: "if (resourceVersion && resourceVersion !== '0' &&",
    replace: "if (resourceVersion && resourceVersion === '0' &&",
  },
  {
    name: 'a change of the status counts as a generation',
    table: 'kubernetes',
    file: `${API}/verbs/write.ts`,
    find: "options.subresource !== 'status' && changesSpec(before, after, type)",
    replace: "(options.subresource === 'status' || changesSpec(before, after, type))",
  },
  {
    name: 'defaults of a definition are not filled in',
    table: 'kubernetes',
    file: `${API}/verbs/normalise.ts`,
    find: 'applyDefaults(object, type.schema)\n',
    replace: '\n',
  },
  {
    name: 'finalizers can be added to what is being deleted',
    table: 'kubernetes',
    file: `${API}/verbs/validation.ts`,
    find: "if (was['deletionTimestamp'] !== undefined && added.length > 0)",
    replace: "if (was['deletionTimestamp'] === null && added.length > 0)",
  },
  {
    name: 'a watch has no bookmarks',
    table: 'kubernetes',
    file: `${API}/verbs/watch.ts`,
    find: "sink.push({ type: 'BOOKMARK', object, json: JSON.stringify(object) })",
    replace: 'void object',
  },
  {
    name: 'DROP of an app is tried again',
    table: 'dapr',
    file: `${SIDECAR}/delivery.ts`,
    find: "if (word === 'DROP') throw new DroppedError(",
    replace: "if (word === 'DROP') throw new Error(",
  },
  {
    name: 'a job of a name that is taken is replaced unasked',
    table: 'dapr',
    file: `${SIDECAR}/scheduler.ts`,
    find: 'if (!overwrite && find(owner, name))',
    replace: 'if (overwrite && !find(owner, name) && spec === undefined)',
  },
  {
    name: 'an etag is not compared',
    table: 'dapr',
    file: `${SIDECAR}/state-memory.ts`,
    find: 'if (operation.etag !== undefined && current?.etag !== operation.etag)',
    replace: 'if (operation.etag !== undefined && current === null)',
  },
  {
    name: 'a topic loses partitions',
    table: 'strimzi',
    file: `${STRIMZI}/topic.ts`,
    find: "if (partitions < live.partitions) throw notSupported('Decreasing partitions not supported')\n",
    replace: '',
  },
  {
    name: 'a paused user is reconciled',
    table: 'strimzi',
    file: `${STRIMZI}/user.ts`,
    find: 'if (isPaused(user)) {',
    replace: 'if (isPaused(user) && name === "") {',
  },
  {
    name: 'a second resource takes the topic of another',
    table: 'strimzi',
    file: `${STRIMZI}/topic.ts`,
    find: 'if (owner.metadata.name !== topic.metadata.name) {',
    replace: "if (owner.metadata.name === '') {",
  },
]
