/** Refusals of the Dapr HTTP API, with the codes, texts and statuses of dapr 1.18 (pkg/messages, pkg/api/errors). */

const STATUS_TEXT: Record<number, string> = { 400: 'Bad Request', 409: 'Conflict', 500: 'Internal Server Error' }
const TYPE = 'type.googleapis.com/google.rpc.'

/** What an error tells beside its text (google.rpc error details), in the order in which Dapr adds them. */
interface ErrorInfo {
  reason: string
  metadata?: Record<string, string>
  resource?: { type: 'pubsub' | 'state'; name: string; description: string }
  violation?: { field?: string; description: string }
}

export class DaprError extends Error {
  override readonly name = 'DaprError'
  readonly status: number
  /** HTTP error code; empty when only `reason` is known, which then takes its place (kit/errors JSONErrorValue). */
  readonly errorCode: string
  readonly #info: ErrorInfo | undefined

  constructor(status: number, errorCode: string, message: string, info?: ErrorInfo) {
    super(message)
    this.status = status
    this.errorCode = errorCode || info?.reason || STATUS_TEXT[status] || 'ERROR'
    this.#info = info
  }

  /** The body daprd answers with. */
  toJSON(): object {
    const { errorCode, message } = this
    if (this.#info === undefined) return { errorCode, message }
    const { reason, metadata = null, resource, violation } = this.#info
    return {
      errorCode,
      message,
      details: [
        ...(violation ? [{ '@type': `${TYPE}BadRequest`, field_violations: [violation] }] : []),
        ...(resource
          ? [
              {
                '@type': `${TYPE}ResourceInfo`,
                resource_type: resource.type,
                resource_name: resource.name,
                owner: '',
                description: resource.description,
              },
            ]
          : []),
        { '@type': `${TYPE}ErrorInfo`, domain: 'dapr.io', metadata, reason },
      ],
    }
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

/** A refusal that names the pubsub as the resource it is about (pkg/api/errors/pubsub.go build). */
const ofPubsub = (
  name: string,
  status: number,
  code: string,
  message: string,
  reason: string,
  metadata?: Record<string, string>,
): DaprError =>
  new DaprError(status, code, message, {
    reason,
    ...(metadata && { metadata }),
    resource: { type: 'pubsub', name, description: message },
  })

/** pkg/messages/predefined.go */
export const conversation = {
  notFound: (name: string): DaprError =>
    new DaprError(400, 'ERR_CONVERSATION_NOT_FOUND', `failed finding conversation component ${name}`),
  missingInputs: (name: string): DaprError =>
    new DaprError(
      400,
      'ERR_CONVERSATION_MISSING_INPUTS',
      `failed conversing with component ${name}: missing inputs in request`,
    ),
  invalid: (name: string, why: string): DaprError =>
    new DaprError(
      400,
      'ERR_CONVERSATION_INVALID_PARMS',
      `failed conversing with component ${name}: invalid params: ${why}`,
    ),
  failed: (name: string, why: string): DaprError =>
    new DaprError(500, 'ERR_CONVERSATION_INVOKE', `failed conversing with component ${name}: ${why}`),
}

/** What a daprd without a placement service answers to actors. */
export const actorsUnplaced = (): DaprError =>
  new DaprError(400, 'ERR_ACTOR_NO_PLACEMENT', 'placement service is not configured')

export const pubsub = {
  notFound: (name: string): DaprError =>
    new DaprError(404, 'ERR_PUBSUB_NOT_FOUND', `pubsub ${name} is not found`, {
      reason: 'DAPR_PUBSUB_NOT_FOUND',
      metadata: {},
    }),
  forbidden: (name: string, topic: string, appId: string): DaprError => {
    const message = `topic ${topic} is not allowed for app id ${appId}`
    return ofPubsub(name, 403, 'ERR_PUBSUB_FORBIDDEN', message, 'DAPR_PUBSUB_FORBIDDEN', { topic, error: message })
  },
  publishFailed: (name: string, topic: string, error: unknown): DaprError =>
    ofPubsub(
      name,
      500,
      'ERR_PUBSUB_PUBLISH_MESSAGE',
      `error when publishing to topic ${topic} in pubsub ${name}: ${describe(error)}`,
      'DAPR_PUBSUB_PUBLISH_MESSAGE',
      { topic, error: describe(error) },
    ),
  badMetadata: (name: string, metadata: Record<string, string>, error: unknown): DaprError =>
    ofPubsub(
      name,
      400,
      'ERR_PUBSUB_REQUEST_METADATA',
      `failed deserializing metadata. Error: ${messageOf(error)}`,
      'DAPR_PUBSUB_METADATA_DESERIALIZATION',
      metadata,
    ),
  cloudEventCreation: (name: string, appId: string, error: unknown): DaprError =>
    ofPubsub(name, 500, 'ERR_PUBSUB_CLOUD_EVENTS_SER', 'cannot create cloudevent', 'DAPR_PUBSUB_CLOUD_EVENT_CREATION', {
      appID: appId,
      error: messageOf(error),
    }),
  envelope: (name: string, topic: string, appId: string, error: unknown): DaprError =>
    ofPubsub(
      name,
      400,
      'ERR_PUBSUB_EVENTS_SER',
      `error when marshalling cloud event envelope for topic ${topic} pubsub ${name}: ${messageOf(error)}`,
      'DAPR_PUBSUB_MARSHAL_ENVELOPE',
      { appID: appId, error: messageOf(error) },
    ),
  marshalEvents: (name: string, topic: string, appId: string): DaprError => {
    const error = 'entryId is duplicated or not present for entry'
    return ofPubsub(
      name,
      400,
      'ERR_PUBSUB_EVENTS_SER',
      `error marshaling events to bytes for topic ${topic} pubsub ${name}. error: ${error}`,
      'DAPR_PUBSUB_MARSHAL_EVENTS',
      { appID: appId, error },
    )
  },
  unmarshalEvents: (name: string, topic: string, appId: string, error: unknown): DaprError =>
    ofPubsub(
      name,
      400,
      'ERR_PUBSUB_EVENTS_SER',
      `error when unmarshaling the request for topic ${topic} pubsub ${name}: ${messageOf(error)}`,
      'DAPR_PUBSUB_UNMARSHAL_EVENTS',
      { appID: appId },
    ),
}

export const state = {
  notConfigured: (store: string, appId: string): DaprError =>
    new DaprError(500, 'ERR_STATE_STORE_NOT_CONFIGURED', `state store ${store} is not configured`, {
      reason: 'DAPR_STATE_NOT_CONFIGURED',
      metadata: { appID: appId },
    }),
  notFound: (store: string, appId: string): DaprError =>
    new DaprError(400, 'ERR_STATE_STORE_NOT_FOUND', `state store ${store} is not found`, {
      reason: 'DAPR_STATE_NOT_FOUND',
      metadata: { appID: appId },
    }),
  /** A transaction does not tell which of its keys it is. */
  illegalKey: (store: string, key: string, told = true): DaprError => {
    const message = `api error: code = InvalidArgument desc = input key/keyPrefix '${key}' can't contain '||'`
    return new DaprError(400, 'ERR_MALFORMED_REQUEST', message, {
      reason: 'DAPR_STATE_ILLEGAL_KEY',
      violation: { ...(told && { field: key }), description: message },
      resource: { type: 'state', name: store, description: '' },
    })
  },
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

/** Whose job it is. */
interface Owner {
  namespace: string
  appId: string
}

const ofJobs = (owner: Owner, status: number, verb: 'schedule' | 'get', why: string): DaprError =>
  new DaprError(status, '', `failed to ${verb} job due to: rpc error: code = ${why}`, {
    reason: verb === 'get' ? 'DAPR_SCHEDULER_GET_JOB' : 'DAPR_SCHEDULER_SCHEDULE_JOB',
    metadata: { appID: owner.appId, namespace: owner.namespace },
  })

/** Jobs have no legacy HTTP code: the ErrorInfo reason takes its place (pkg/api/errors/scheduler.go). */
export const jobs = {
  nameInBody: (appId: string): DaprError =>
    new DaprError(400, '', 'Set the job name in the url only', {
      reason: 'DAPR_SCHEDULER_JOB_NAME',
      metadata: { appID: appId },
    }),
  scheduleEmpty: (owner: Owner): DaprError =>
    new DaprError(400, '', 'Schedule is empty', {
      reason: 'DAPR_SCHEDULER_SCHEDULE_EMPTY',
      metadata: { appID: owner.appId, namespace: owner.namespace },
    }),
  /** What the scheduler finds out comes without a gRPC code, so that the caller's mistake is answered with 500. */
  invalid: (owner: Owner, why: string): DaprError =>
    ofJobs(owner, 500, 'schedule', `Unknown desc = job failed validation: ${why}`),
  exists: (owner: Owner, name: string): DaprError =>
    ofJobs(
      owner,
      409,
      'schedule',
      `AlreadyExists desc = job already exists: 'app||${owner.namespace}||${owner.appId}||${name}'`,
    ),
  notFound: (owner: Owner, name: string): DaprError =>
    ofJobs(owner, 500, 'get', `NotFound desc = job not found: ${name}`),
}

export const bindings = {
  notFound: (name: string): DaprError =>
    new DaprError(
      500,
      'ERR_INVOKE_OUTPUT_BINDING',
      `error when invoke output binding ${name}: couldn't find output binding ${name}`,
    ),
}
