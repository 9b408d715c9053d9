/** Every place that tells the version, and how it is set there. */
export const PLACES = [
  'package.json',
  'package-lock.json',
  'Chart.yaml',
  'charts/platform/Chart.yaml',
  'charts/observability/Chart.yaml',
  'CHANGELOG.md',
] as const
export type Place = (typeof PLACES)[number]

/** Why nothing was released; the message begins with its code (docs/errors.md). */
export class ReleaseError extends Error {
  readonly code: 'TEP5501' | 'TEP5502'

  constructor(code: ReleaseError['code'], message: string) {
    super(`${code}: ${message}`)
    this.name = 'ReleaseError'
    this.code = code
  }
}

/** https://semver.org, without build metadata: `+` is no part of an image's tag. */
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/
const UNRELEASED = /^## .*\(unreleased\)$/m

/**
 * The texts of all places with another version. Pure.
 * @param date of the release, YYYY-MM-DD
 * @throws ReleaseError TEP5501 for what is no version, TEP5502 when the changelog has nothing that is not released
 */
export function withVersion(
  texts: Readonly<Record<Place, string>>,
  version: string,
  date: string,
): Record<Place, string> {
  if (!SEMVER.test(version))
    throw new ReleaseError('TEP5501', `VERSION=${version} is no version: use one like 1.2.3 or 1.2.3-rc.1`)
  if (!UNRELEASED.test(texts['CHANGELOG.md']))
    throw new ReleaseError('TEP5502', 'CHANGELOG.md has no heading "## … (unreleased)": say there what is new')
  const before = (JSON.parse(texts['package.json']) as { version: string }).version
  return {
    'package.json': texts['package.json'].replace(/"version": "[^"]*"/, `"version": "${version}"`),
    'package-lock.json': lock(texts['package-lock.json'], version),
    'Chart.yaml': chart(texts['Chart.yaml'], before, version),
    'charts/platform/Chart.yaml': chart(texts['charts/platform/Chart.yaml'], before, version),
    'charts/observability/Chart.yaml': chart(texts['charts/observability/Chart.yaml'], before, version),
    'CHANGELOG.md': texts['CHANGELOG.md'].replace(UNRELEASED, `## ${version} (${date})`),
  }
}

/** npm writes it at the top, and again for the package itself. */
function lock(text: string, version: string): string {
  const [top, rest] = [text.slice(0, text.indexOf('"packages"')), text.slice(text.indexOf('"packages"'))]
  const set = (part: string): string => part.replace(/"version": "[^"]*"/, `"version": "${version}"`)
  return set(top) + set(rest)
}

/** version, appVersion, the sub-charts it depends on, and the tags of the images it names. */
const chart = (text: string, before: string, version: string): string =>
  text
    .replaceAll(/^(\s*(?:version|appVersion): ).*$/gm, `$1${version}`)
    .replaceAll(`:${before}\n`, `:${version}\n`)
    .replace(/(artifacthub\.io\/prerelease: ).*/, `$1"${version.includes('-')}"`)
