import type { ApiRule, ConfigurationResource } from './resources.ts'

/** Open whatever the rules say (dapr pkg/api/http/healthz.go). */
const ALWAYS_ALLOWED = 'healthz'

/**
 * Whether the Configuration lets an app call a route (dapr pkg/api/http/endpoints/endpoint.go IsAllowed): what is denied is
 * closed, and with rules that allow anything whatever else is. Rules of another protocol are not about HTTP.
 *
 * @param pattern the route without its leading slash, e.g. `v1.0/state/{store}`
 */
export function isApiAllowed(configuration: ConfigurationResource | undefined, pattern: string): boolean {
  const [version = '', group = ''] = pattern.split('/')
  if (group === ALWAYS_ALLOWED) return true
  // A rule is a group, whose version is written as gRPC writes it, or the beginning of a path.
  const groupKey = `${version.replace('v1.0', 'v1').replace('-', '')}/${group}`
  const matches = (rule: string): boolean => rule === groupKey || pattern.startsWith(rule)
  const { allowed, denied } = configuration?.spec?.api ?? {}
  if (ofHttp(denied).some(matches)) return false
  const open = ofHttp(allowed)
  return open.length === 0 || open.some(matches)
}

const ofHttp = (rules: readonly ApiRule[] = []): string[] =>
  rules.filter(({ protocol }) => protocol?.toLowerCase() === 'http').map(({ version, name }) => `${version}/${name}`)
