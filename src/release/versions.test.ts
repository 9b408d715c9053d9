import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { PLACES, type Place, withVersion } from './versions.ts'

const root = join(import.meta.dirname, '../..')
const texts = Object.fromEntries(PLACES.map(place => [place, readFileSync(join(root, place), 'utf8')])) as Record<
  Place,
  string
>
const unreleased = {
  ...texts,
  'CHANGELOG.md': '# Changelog\n\n## 1.0.0 (unreleased)\n\n- new\n\n## 0.9.0 (2026-01-01)\n',
}
interface Chart {
  version: string
  appVersion: string
  dependencies?: { version: string }[]
  annotations?: Record<string, string>
}

/** Every version that a tree tells. */
function told(tree: Record<Place, string>): string[] {
  const lock = JSON.parse(tree['package-lock.json']) as {
    version: string
    packages: Record<string, { version: string }>
  }
  const charts = PLACES.filter(place => place.endsWith('Chart.yaml')).map(place => load(tree[place]) as Chart)
  return [
    (JSON.parse(tree['package.json']) as { version: string }).version,
    lock.version,
    lock.packages['']!.version,
    ...charts.flatMap(({ version, appVersion, dependencies = [], annotations }) => [
      version,
      appVersion,
      ...dependencies.map(dependency => dependency.version),
      ...[...(annotations?.['artifacthub.io/images'] ?? '').matchAll(/image: \S+:(\S+)/g)].map(([, tag]) => tag!),
    ]),
  ].map(String)
}

test('every place of this tree tells the same version', () => {
  expect(told(texts).length).toBe(13)
  expect(new Set(told(texts)).size).toBe(1)
})

test.each(['1.2.3', '1.2.3-rc.1'])('%s is set everywhere, and changes nothing else', version => {
  const released = withVersion(unreleased, version, '2026-03-01')
  expect(new Set(told(released))).toEqual(new Set([version]))
  for (const place of PLACES) {
    const before = unreleased[place].split('\n')
    const after = released[place].split('\n')
    expect([place, after.length]).toEqual([place, before.length])
    const changed = after.filter((line, index) => line !== before[index])
    expect([place, changed.filter(line => !line.includes(version) && !line.includes('prerelease'))]).toEqual([
      place,
      [],
    ])
  }
  expect(load(released['Chart.yaml'])).toMatchObject({
    annotations: { 'artifacthub.io/prerelease': String(version.includes('-')) },
  })
  expect(released['CHANGELOG.md']).toContain(`## ${version} (2026-03-01)\n\n- new`)
})

test.each(['', '1.2', 'v1.2.3', '1.2.3+build', '01.2.3', '1.2.3-', '1.2.3\n'])('%j is no version', version => {
  expect(() => withVersion(unreleased, version, '2026-03-01')).toThrow(/^TEP5501/)
})

test('without anything new there is no release', () => {
  expect(() => withVersion({ ...texts, 'CHANGELOG.md': '# Changelog\n' }, '1.2.3', '2026-03-01')).toThrow(/^TEP5502/)
})
