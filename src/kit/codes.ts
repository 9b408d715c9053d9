/**
 * Error codes of the services. A code means the same thing for ever and is what tests and clients match; titles and
 * details are for people. 40xx: requests, 41xx: events, 42xx: the services' own surroundings.
 */
export const CODES = {
  TEP4001: { status: 400, title: 'The request is not valid' },
  TEP4002: { status: 400, title: 'The body is not JSON' },
  TEP4003: { status: 401, title: 'Sign in first' },
  TEP4004: { status: 403, title: 'Not allowed' },
  TEP4005: { status: 404, title: 'Not found' },
  TEP4006: { status: 412, title: 'Somebody changed it meanwhile' },
  TEP4007: { status: 409, title: 'The state does not allow this' },
  TEP4008: { status: 422, title: 'The idempotency key was used for another request' },
  TEP4009: { status: 413, title: 'Too large' },
  TEP4010: { status: 415, title: 'The media type is not supported' },
  TEP4011: { status: 429, title: 'Too many requests' },
  TEP4101: { status: 422, title: 'The event cannot be read' },
  TEP4102: { status: 422, title: 'The event has no known shape' },
  TEP4103: { status: 422, title: 'The event has an invalid envelope' },
  TEP4104: { status: 422, title: 'The event has invalid data' },
  TEP4105: { status: 500, title: 'The handler of the event failed' },
  TEP4201: { status: 500, title: 'Something went wrong here' },
  TEP4202: { status: 503, title: 'The database is not available' },
  TEP4203: { status: 503, title: 'The issuer of tokens is not available' },
  TEP4204: { status: 503, title: 'The service is shutting down' },
  TEP4205: { status: 500, title: 'The configuration is not valid' },
  TEP4206: { status: 502, title: 'The sidecar did not accept the call' },
  TEP4207: { status: 500, title: 'A migration was changed after it ran' },
  TEP4208: { status: 500, title: 'The database login lacks a right' },
  TEP4209: { status: 502, title: 'The language model does not answer' },
  TEP4210: { status: 503, title: 'The operator cannot be asked' },
  TEP4211: { status: 503, title: 'A service behind does not answer' },
  TEP4212: { status: 503, title: 'Too much at once' },
} as const

export type Code = keyof typeof CODES
