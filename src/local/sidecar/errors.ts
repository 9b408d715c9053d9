/** Refusals of the Dapr HTTP API, with the codes, texts and statuses of dapr 1.18 (pkg/messages, pkg/api/errors). */

const STATUS_TEXT: Record<number, string> = { 400: 'Bad Request', 409: 'Conflict', 500: 'Internal Server Error' }

export class DaprError extends Error {
  override readonly name = 'DaprError'
  readonly status: number
  /** HTTP error code; empty when only `reason` is known, which then takes its place (kit/errors JSONErrorValue). */
  readonly errorCode: string
  readonly reason: string | undefined
  readonly metadata: Record<string, string> | undefined

  constructor(
    status: number,
    errorCode: string,
    message: string,
    info?: { reason: string; metadata?: Record<string, string> },
  ) {
    super(message)
    this.status = status
    this.errorCode = errorCode || info?.reason || STATUS_TEXT[status] || 'ERROR'
    this.reason = info?.reason
    this.metadata = info?.metadata
  }

  /** The body daprd answers with. */
  toJSON(): object {
    const { errorCode, message, reason, metadata } = this
    if (reason === undefined) return { errorCode, message }
    const info = {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      domain: 'dapr.io',
      metadata: metadata ?? null,
      reason,
    }
    return { errorCode, message, details: [info] }
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The text of a Kafka failure as a reader expects it: exception name first. */
export const describe = (error: unknown): string =>
  error instanceof Error && error.name !== 'Error' && error.name !== 'DaprError'
    ? `${error.name}: ${error.message}`
    : messageOf(error)

export const malformedRequest = (error: unknown): DaprError =>
  new DaprError(400, 'ERR_MALFORMED_REQUEST', `failed deserializing HTTP body: ${messageOf(error)}`)

export const notImplemented = (): DaprError =>
  new DaprError(501, 'ERR_API_UNIMPLEMENTED', 'this API is currently not implemented')

export const pubsub = {
  notFound: (name: string): DaprError =>
    new DaprError(404, 'ERR_PUBSUB_NOT_FOUND', `pubsub ${name} is not found`, { reason: 'DAPR_PUBSUB_NOT_FOUND' }),
  nameEmpty: (): DaprError =>
    new DaprError(404, 'ERR_PUBSUB_EMPTY', 'pubsub name is empty', { reason: 'DAPR_PUBSUB_NAME_EMPTY' }),
  topicEmpty: (name: string): DaprError =>
    new DaprError(404, 'ERR_TOPIC_NAME_EMPTY', `topic is empty in pubsub ${name}`, {
      reason: 'DAPR_PUBSUB_TOPIC_NAME_EMPTY',
    }),
  forbidden: (topic: string, appId: string): DaprError => {
    const message = `topic ${topic} is not allowed for app id ${appId}`
    return new DaprError(403, 'ERR_PUBSUB_FORBIDDEN', message, {
      reason: 'DAPR_PUBSUB_FORBIDDEN',
      metadata: { topic, error: message },
    })
  },
  publishFailed: (name: string, topic: string, error: unknown): DaprError =>
    new DaprError(
      500,
      'ERR_PUBSUB_PUBLISH_MESSAGE',
      `error when publishing to topic ${topic} in pubsub ${name}: ${describe(error)}`,
      { reason: 'DAPR_PUBSUB_PUBLISH_MESSAGE', metadata: { topic, error: describe(error) } },
    ),
  badMetadata: (error: unknown): DaprError =>
    new DaprError(400, 'ERR_PUBSUB_REQUEST_METADATA', `failed deserializing metadata. Error: ${messageOf(error)}`, {
      reason: 'DAPR_PUBSUB_METADATA_DESERIALIZATION',
    }),
  cloudEventCreation: (appId: string, error: unknown): DaprError =>
    new DaprError(500, 'ERR_PUBSUB_CLOUD_EVENTS_SER', 'cannot create cloudevent', {
      reason: 'DAPR_PUBSUB_CLOUD_EVENT_CREATION',
      metadata: { appID: appId, error: messageOf(error) },
    }),
  envelope: (name: string, topic: string, error: unknown): DaprError =>
    new DaprError(
      400,
      'ERR_PUBSUB_EVENTS_SER',
      `error when marshalling cloud event envelope for topic ${topic} pubsub ${name}: ${messageOf(error)}`,
      { reason: 'DAPR_PUBSUB_MARSHAL_ENVELOPE' },
    ),
  marshalEvents: (name: string, topic: string): DaprError =>
    new DaprError(
      400,
      'ERR_PUBSUB_EVENTS_SER',
      `error marshaling events to bytes for topic ${topic} pubsub ${name}. error: entryId is duplicated or not present for entry`,
      { reason: 'DAPR_PUBSUB_MARSHAL_EVENTS' },
    ),
  unmarshalEvents: (name: string, topic: string, error: unknown): DaprError =>
    new DaprError(
      400,
      'ERR_PUBSUB_EVENTS_SER',
      `error when unmarshaling the request for topic ${topic} pubsub ${name}: ${messageOf(error)}`,
      { reason: 'DAPR_PUBSUB_UNMARSHAL_EVENTS' },
    ),
}

export const state = {
  notConfigured: (store: string): DaprError =>
    new DaprError(500, 'ERR_STATE_STORE_NOT_CONFIGURED', `state store ${store} is not configured`, {
      reason: 'DAPR_STATE_NOT_CONFIGURED',
    }),
  notFound: (store: string): DaprError =>
    new DaprError(400, 'ERR_STATE_STORE_NOT_FOUND', `state store ${store} is not found`, {
      reason: 'DAPR_STATE_NOT_FOUND',
    }),
  illegalKey: (key: string): DaprError =>
    new DaprError(400, 'ERR_MALFORMED_REQUEST', `input key/keyPrefix '${key}' can't contain '||'`, {
      reason: 'DAPR_STATE_ILLEGAL_KEY',
    }),
  malformed: (message: string): DaprError => new DaprError(400, 'ERR_MALFORMED_REQUEST', message),
  unsupportedOperation: (operation: string): DaprError =>
    new DaprError(400, 'ERR_NOT_SUPPORTED_STATE_OPERATION', `operation type ${operation} not supported`),
}

export const secrets = {
  notFound: (store: string): DaprError =>
    new DaprError(401, 'ERR_SECRET_STORE_NOT_FOUND', `failed finding secret store with key ${store}`),
  denied: (key: string, store: string): DaprError =>
    new DaprError(
      403,
      'ERR_PERMISSION_DENIED',
      `access denied by policy to get ${JSON.stringify(key)} from ${JSON.stringify(store)}`,
    ),
  failed: (key: string, store: string, error: unknown): DaprError =>
    new DaprError(
      500,
      'ERR_SECRET_GET',
      `failed getting secret with key ${key} from secret store ${store}: ${messageOf(error)}`,
    ),
}

export const invoke = {
  noAppId: (): DaprError =>
    new DaprError(404, 'ERR_DIRECT_INVOKE', 'failed getting app id either from the URL path or the header dapr-app-id'),
  failed: (appId: string, error: unknown): DaprError =>
    new DaprError(500, 'ERR_DIRECT_INVOKE', `failed to invoke, id: ${appId}, err: ${messageOf(error)}`),
  denied: (appId: string, why: string): DaprError =>
    new DaprError(
      403,
      'ERR_DIRECT_INVOKE',
      `failed to invoke, id: ${appId}, err: rpc error: code = PermissionDenied desc = ${why}`,
    ),
}

/** Jobs have no legacy HTTP code: the ErrorInfo reason takes its place (pkg/api/errors/scheduler.go). */
export const jobs = {
  nameInBody: (): DaprError =>
    new DaprError(400, '', 'Set the job name in the url only', { reason: 'DAPR_SCHEDULER_JOB_NAME' }),
  scheduleEmpty: (): DaprError =>
    new DaprError(400, '', 'Schedule is empty', { reason: 'DAPR_SCHEDULER_SCHEDULE_EMPTY' }),
  invalid: (why: string): DaprError =>
    new DaprError(400, '', `failed to schedule job due to: rpc error: code = InvalidArgument desc = ${why}`, {
      reason: 'DAPR_SCHEDULER_SCHEDULE_JOB',
    }),
  exists: (name: string): DaprError =>
    new DaprError(
      409,
      '',
      `failed to schedule job due to: rpc error: code = AlreadyExists desc = job already exists: '${name}'`,
      { reason: 'DAPR_SCHEDULER_SCHEDULE_JOB' },
    ),
  notFound: (name: string): DaprError =>
    new DaprError(500, '', `failed to get job due to: rpc error: code = NotFound desc = job not found: ${name}`, {
      reason: 'DAPR_SCHEDULER_GET_JOB',
    }),
}
