import { type Logger, pino } from 'pino'

export type { Logger }

/** Structured logs, one JSON object a line on stdout. Values under these names never reach a log, wherever they stand. */
const secrets = ['authorization', 'cookie', 'password', 'token', 'databaseUrl', 'smtpUrl', 'dapr-api-token']

export function createLogger(service: string, level: string): Logger {
  return pino({
    level: level in pino.levels.values || level === 'silent' ? level : 'info',
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    redact: { paths: secrets.flatMap(name => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]), censor: '[hidden]' },
  })
}
