import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import { issue } from '../../src/local/operators/certificates.ts'
import { platformOf, settledFacts } from '../../test/support/platforms.ts'
import { certificateProblems, nextTurnMs } from './certificates.ts'
import { effectiveSpec } from './effective.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')
const DAY = 86_400_000
const ca = issue({ commonName: 'ca' }, NOW - 10 * DAY, 365)
const made = (from: number, days: number) => issue({ commonName: 'client' }, from, days, ca)
const good = made(NOW - DAY, 30)

const spec = {
  kafka: {
    external: {
      bootstrapServers: ['kafka.example.com:9093'],
      authentication: { type: 'mTLS', certificateSecretRef: { name: 'shared' } },
      userSecretRefs: { 'audit-service': { name: 'for-audit' } },
      tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } },
    },
  },
} as unknown as Partial<PlatformSpec>

function contextOf({
  audit = good,
  caCert = ca.certificate,
}: {
  audit?: { certificate: string; key: string }
  caCert?: string
}) {
  const platform = platformOf(spec)
  const { kafka } = settledFacts()
  const credentials = { 'backend-service': good, 'audit-service': audit }
  return {
    platform,
    effective: effectiveSpec(platform, '0.1.0'),
    facts: settledFacts({ kafka: { ...kafka, caCert, credentials } }),
  }
}
const problems = (given: Parameters<typeof contextOf>[0]) => [...certificateProblems(contextOf(given), NOW)]

test('certificates that are in order are no problem, and the next look is before the first of them ends', () => {
  expect(problems({})).toEqual([])
  const soon = contextOf({ audit: made(NOW - DAY, 1 + 600_000 / DAY) })
  const next = nextTurnMs(soon, NOW)!
  expect(next).toBeGreaterThan(598_000)
  expect(next).toBeLessThanOrEqual(602_000)
  expect(certificateProblems(soon, NOW + next).get('todo-kafka-audit-service')?.reason).toBe('CertificateExpired')
  expect(nextTurnMs({ ...soon, effective: effectiveSpec(platformOf(), '0.1.0') }, NOW)).toBeUndefined()
})

test.each([
  [
    'expired',
    made(NOW - 10 * DAY, 5),
    'CertificateExpired',
    /Secret for-audit, the certificate of audit-service, expired at 2026-05-2\dT.*: put a new one there/,
  ],
  ['not valid yet', made(NOW + 5 * DAY, 5), 'CertificateNotYetValid', /is valid from 2026-06-0\dT/],
  ['of another key', { ...good, key: made(NOW, 5).key }, 'CertificateKeyMismatch', /is not of the key beside it/],
  ['of a key that is none', { ...good, key: 'hidden' }, 'CertificateKeyMismatch', /tls\.crt and tls\.key/],
  ['no certificate at all', { certificate: 'hidden', key: good.key }, 'CertificateInvalid', /is no certificate in PEM/],
  [
    'a certificate that is cut off',
    { ...good, certificate: good.certificate.replace(/\n.{20}/, '\n') },
    'CertificateInvalid',
    /is no certificate in PEM/,
  ],
] as const)(
  'a client certificate that is %s is told by its Secret, and no other is',
  (_name, audit, reason, message) => {
    const [problem, ...others] = problems({ audit })
    expect(others).toEqual([])
    expect(problem).toEqual([
      'todo-kafka-audit-service',
      { ready: false, reason, message: expect.stringMatching(message) },
    ])
    expect(JSON.stringify(problem)).not.toContain('hidden')
  },
)

test('of a bundle of CAs one that is valid will do', () => {
  const old = issue({ commonName: 'old' }, NOW - 10 * DAY, 5)
  expect(problems({ caCert: `${old.certificate}\n# comment\n${ca.certificate}` })).toEqual([])
  expect(problems({ caCert: old.certificate })).toMatchObject([['todo-kafka-ca', { reason: 'CertificateExpired' }]])
})
