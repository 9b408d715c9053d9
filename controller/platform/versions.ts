import type { Effective } from './effective.ts'
import type { Refusal } from './errors.ts'
import type { Platform } from './platform.ts'

/** The oldest release of the services that is still rendered as it was. */
export const OLDEST = '0.1.0'

/**
 * A release of the services that this operator cannot run is refused, and the one in force stays: older ones are no longer
 * known, and of a newer minor release nobody here knows what it needs. Patch releases are interchangeable. Pure.
 */
export function refuseVersion(
  platform: Platform,
  effective: Effective,
  operator: string,
): { effective: Effective; refused: Refusal[] } {
  const wanted = effective.version
  const tooNew = compare(minorOf(wanted), minorOf(operator)) > 0
  if (!tooNew && compare(numbersOf(wanted), numbersOf(OLDEST)) >= 0) return { effective, refused: [] }
  const inForce = platform.status?.version ?? operator
  const way = tooNew
    ? `is newer than this operator (${operator}): upgrade the operator first`
    : `is no longer supported: set ${OLDEST} or newer`
  const refusal = {
    code: 'TEP-SPEC-VERSION',
    field: 'spec.version',
    message: `${wanted} ${way}, or leave it out to follow the operator; ${inForce} stays in force`,
    kind: 'TodoEventPlatform',
    name: platform.metadata.name,
  } as const
  return { effective: { ...effective, version: inForce }, refused: [refusal] }
}

/** Whether one release is newer than another; candidates of a release count as that release. */
export const isNewerRelease = (release: string, than: string): boolean =>
  compare(numbersOf(release), numbersOf(than)) > 0

const numbersOf = (version: string): number[] => version.split('-')[0]!.split('.').map(Number)
const minorOf = (version: string): number[] => numbersOf(version).slice(0, 2)

function compare(a: number[], b: number[]): number {
  const at = a.findIndex((number, index) => number !== b[index])
  return at < 0 ? 0 : a[at]! - b[at]!
}
