import { CANARY_SECONDS } from '../contracts/flow.ts'

/** Settings of one service, read from the environment the controller renders; the same in every place. */
export interface ServiceConfig {
  /** Address to listen on. Inside a cluster probes come from outside the pod's loopback, elsewhere nothing does. */
  host: string
  port: number
  appId: string
  daprUrl: string
  daprApiToken?: string
  /** When set, event and job routes refuse calls without it. */
  appApiToken?: string
  databaseUrl?: string
  pubsubName: string
  topicPrefix: string
  auth: AuthConfig
  logLevel: string
  podName: string
  /** Development: mails become `.eml` files here. */
  mailDir?: string
  smtpUrl?: string
  /** Seconds from one canary event to the next. */
  canarySeconds: number
  /** Sender of mails. */
  smtpFrom?: string
  /** Where people reach the platform from outside; links in mails begin with it. */
  publicUrl?: string
  /** Key pair for web push; without it there is none. */
  vapid?: { publicKey: string; privateKey: string; subject: string }
  /** Hosts that users may have called; `*`: every public one; empty: none. */
  webhookAllowedHosts: readonly string[]
  /** Private Ed25519 key that signs the audit, as a JWK or PEM; absent: it is not signed. */
  auditSigningKey?: string
  /** Seconds from one signing to the next. */
  auditCheckpointSeconds: number
  /** How often each person may ask; absent: without limit. */
  rateLimit?: RateLimit
  /** Where the operator tells what it knows of this platform; absent: nowhere. */
  platformViewUrl?: string
  /**
   * A language model behind the chat, by an API as OpenAI's or a conversation component of Dapr; without it messages are
   * read by their words.
   */
  chat?: { baseUrl: string; model: string; apiKey?: string } | { component: string }
}

export interface AuthConfig {
  issuer: string
  audience: string
  /** Empty: found through the issuer's OpenID discovery document. */
  jwksUri: string
  rolesClaim: string
  operatorRole: string
}

export interface RateLimit {
  /** Requests a second in the long run. */
  perSecond: number
  /** Requests at once. */
  burst: number
}

export class ConfigError extends Error {
  readonly code = 'TEP4205'
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * @param needs variables this service cannot run without
 * @throws ConfigError naming every missing or malformed variable in one line
 */
export function loadConfig(env: Environment = process.env, needs: readonly string[] = ['APP_ID']): ServiceConfig {
  const missing = needs.filter(name => !env[name])
  if (missing.length) throw new ConfigError(`TEP4205: set ${missing.join(', ')}: the service cannot start without.`)
  const optional = <K extends string>(key: K, name: string) =>
    env[name] ? ({ [key]: env[name] } as Record<K, string>) : {}
  return {
    host: env['HOST'] || (isCluster(env['KUBERNETES_SERVICE_HOST']) ? '0.0.0.0' : '127.0.0.1'),
    port: portOf(env, 'PORT', 8080),
    appId: env['APP_ID'] ?? '',
    daprUrl: `http://127.0.0.1:${portOf(env, 'DAPR_HTTP_PORT', 3500)}`,
    ...optional('daprApiToken', 'DAPR_API_TOKEN'),
    ...optional('appApiToken', 'APP_API_TOKEN'),
    ...optional('databaseUrl', 'DATABASE_URL'),
    pubsubName: env['PUBSUB_NAME'] || 'kafka-pubsub',
    topicPrefix: env['TOPIC_PREFIX'] ?? '',
    auth: {
      issuer: env['AUTH_ISSUER'] ?? '',
      audience: env['AUTH_AUDIENCE'] ?? '',
      jwksUri: env['AUTH_JWKS_URI'] ?? '',
      rolesClaim: env['AUTH_ROLES_CLAIM'] || 'roles',
      operatorRole: env['AUTH_OPERATOR_ROLE'] || 'todo-operator',
    },
    logLevel: env['LOG_LEVEL'] || 'info',
    podName: env['POD_NAME'] || 'local',
    ...optional('mailDir', 'MAIL_DIR'),
    ...optional('smtpUrl', 'SMTP_URL'),
    canarySeconds: secondsOf(env, 'CANARY_SECONDS', CANARY_SECONDS),
    ...optional('smtpFrom', 'SMTP_FROM'),
    ...optional('publicUrl', 'PUBLIC_URL'),
    ...optional('platformViewUrl', 'PLATFORM_VIEW_URL'),
    ...vapidOf(env),
    ...optional('auditSigningKey', 'AUDIT_SIGNING_KEY'),
    auditCheckpointSeconds: secondsOf(env, 'AUDIT_CHECKPOINT_SECONDS', 3_600),
    ...chatOf(env),
    ...rateLimitOf(env),
    webhookAllowedHosts: (env['WEBHOOK_ALLOWED_HOSTS'] ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  }
}

function vapidOf(env: Environment): Pick<ServiceConfig, 'vapid'> {
  const [publicKey, privateKey] = [env['VAPID_PUBLIC_KEY'], env['VAPID_PRIVATE_KEY']]
  if (!publicKey && !privateKey) return {}
  const sizes = [publicKey, privateKey].map(key => Buffer.from(key ?? '', 'base64url').length)
  if (sizes[0] !== 65 || sizes[1] !== 32) {
    throw new ConfigError(
      'TEP4205: VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY must be an uncompressed P-256 point and its scalar, in base64url.',
    )
  }
  return {
    vapid: { publicKey: publicKey!, privateKey: privateKey!, subject: env['VAPID_SUBJECT'] || 'mailto:todo@localhost' },
  }
}

function chatOf(env: Environment): Pick<ServiceConfig, 'chat'> {
  const [baseUrl, model, apiKey] = [env['CHAT_BASE_URL'], env['CHAT_MODEL'], env['CHAT_API_KEY']]
  const component = env['CHAT_COMPONENT']
  if (component && !baseUrl && !model) return { chat: { component } }
  if (!baseUrl && !model) return {}
  if (component || !baseUrl || !model || !/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? '')) {
    throw new ConfigError(
      'TEP4205: CHAT_BASE_URL and CHAT_MODEL go together: e.g. https://models.example.com/v1 and a name; CHAT_COMPONENT stands alone.',
    )
  }
  return { chat: { baseUrl, model, ...(apiKey ? { apiKey } : {}) } }
}

/** `RATE_LIMIT=100/1000`: a second, and at once; `off`. */
function rateLimitOf(env: Environment): Pick<ServiceConfig, 'rateLimit'> {
  const text = env['RATE_LIMIT'] || '100/1000'
  if (text === 'off') return {}
  const [, perSecond, burst] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text) ?? []
  if (!perSecond || !burst) {
    throw new ConfigError(
      `TEP4205: RATE_LIMIT=${text.slice(0, 40)} is no limit; use e.g. 100/1000 (a second, at once) or off.`,
    )
  }
  return { rateLimit: { perSecond: Number(perSecond), burst: Number(burst) } }
}

const isCluster = (apiServer: string | undefined): boolean =>
  apiServer !== undefined && !/^(127\.|localhost$|::1$)/.test(apiServer)

function secondsOf(env: Environment, name: string, fallback: number): number {
  const text = env[name]
  const seconds = text ? Number(text) : fallback
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= 3_600) return seconds
  throw new ConfigError(`TEP4205: ${name}=${text?.slice(0, 40)} is no number of seconds; use 1 to 3600.`)
}

function portOf(env: Environment, name: string, fallback: number): number {
  const text = env[name]
  if (!text) return fallback
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(`TEP4205: ${name}=${text.slice(0, 40)} is no port; use 0 to 65535.`)
  }
  return port
}
