import type { FastifyInstance } from 'fastify'
import type { Logger } from '../../kit/log.ts'
import { type ApiDescription, describe } from '../../kit/openapi.ts'
import { ROUTES } from './gateway.ts'

const TIMEOUT_MS = 5_000

/**
 * One description of all that is reached through this address, put together from what the services that run say of
 * themselves. One that does not answer just now is left out and named, for most of a description is better than none.
 */
export function serveDescriptions(
  app: FastifyInstance,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): void {
  const upstreams = [...new Set(ROUTES.map(({ variable }) => variable))].filter(variable => env[variable])
  app.get('/openapi.json', async () => {
    const descriptions = await Promise.all(
      upstreams.map(async variable => {
        try {
          const response = await fetch(`${env[variable]}/openapi.json`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
          if (!response.ok) throw new Error(`status ${response.status}`)
          return (await response.json()) as ApiDescription
        } catch (error) {
          log.warn({ err: error, service: nameOf(variable) }, 'a service does not describe itself')
          return undefined
        }
      }),
    )
    return merge(
      descriptions.filter(one => one !== undefined),
      upstreams.filter((_, index) => !descriptions[index]).map(nameOf),
    )
  })
}

const nameOf = (variable: string): string => variable.replace('_URL', '').toLowerCase()

function merge(descriptions: readonly ApiDescription[], missing: readonly string[]): ApiDescription {
  const all = <T>(pick: (one: ApiDescription) => Readonly<Record<string, T>>): Record<string, T> =>
    Object.assign({}, ...descriptions.map(pick))
  const left = missing.length > 0 ? ` Not described, because they do not answer just now: ${missing.join(', ')}.` : ''
  return describe(
    'Todo platform',
    `Tasks, notifications, audit, statistics and events of the signed-in user.${left}`,
    all(({ paths }) => paths),
    all(({ components }) => components.schemas),
  )
}
