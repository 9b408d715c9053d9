import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditEvent, AuditLog, isRefused, rightsOf } from './audit.ts'

const event = (verb: string, objectRef: AuditEvent['objectRef'], code = 200, decision = 'allow'): AuditEvent => ({
  stage: 'ResponseComplete',
  verb,
  requestURI: '/',
  user: { username: 'robot' },
  ...(objectRef && { objectRef }),
  responseStatus: { code },
  annotations: { 'authorization.k8s.io/decision': decision },
})

test.each([
  [event('list', { resource: 'pods' }), ['/pods list']],
  [event('patch', { apiGroup: 'apps', resource: 'deployments' }), ['apps/deployments patch']],
  // An apply that made the object.
  [event('patch', { resource: 'services' }, 201), ['/services patch', '/services create']],
  [
    event('patch', { apiGroup: 'todo.events', resource: 'tep', subresource: 'status' }),
    ['todo.events/tep/status patch'],
  ],
  // Discovery and OpenAPI are no resources.
  [event('get', undefined), []],
])('what the authorizer was asked for a request', (given, rights) => {
  expect(rightsOf(given)).toEqual(rights)
})

test('a refusal is told from an answer', () => {
  expect(isRefused(event('get', { resource: 'secrets' }, 403, 'forbid'))).toBe(true)
  expect(isRefused(event('get', { resource: 'secrets' }, 404))).toBe(false)
})

test('the log has the events of one user, in their order, and none before it is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  try {
    const log = new AuditLog(folder, 'robot')
    expect(log.events()).toEqual([])
    const [, policy, , file] = log.args as [string, string, string, string]
    expect(JSON.parse(readFileSync(policy, 'utf8')).rules[0].users).toEqual(['robot'])
    const others = { ...event('get', { resource: 'pods' }), user: { username: 'people' } }
    const lines = [event('list', { resource: 'pods' }), others, event('watch', { resource: 'pods' })]
    writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
    expect(log.events().map(({ verb }) => verb)).toEqual(['list', 'watch'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
