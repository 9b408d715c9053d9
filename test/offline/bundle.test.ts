/** The archive for clusters without internet, as a person there uses it: unpack, verify, load, install. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../src/offline/bundle.ts'
import { packChart } from '../../src/offline/chart.ts'
import { root, run, withHelm } from '../chart/helm.ts'
import { tep } from '../support/tep.ts'

const { version: VERSION } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const NAME = `todo-event-platform-${VERSION}-linux-amd64`

let folder: string
let images: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  images = join(folder, 'images')
  mkdirSync(images)
  for (const name of ['controller', 'services'])
    writeFileSync(join(images, `${name}-${VERSION}-amd64.tar`), `archive of ${name}`)
  writeFileSync(join(images, 'digests.txt'), 'sha256:0  controller\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const unpack = (): string => {
  writeFileSync(join(folder, 'bundle.tar'), bundle({ root, images, version: VERSION }).archive)
  expect(spawnSync('tar', ['-xf', 'bundle.tar'], { cwd: folder }).status).toBe(0)
  return join(folder, NAME)
}
/** A script of the bundle, with programs of that name that only write down how they were called. */
function script(
  unpacked: string,
  args: string[],
  fakes: string[] = [],
): { code: number; said: string; calls: string[] } {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  const log = join(folder, 'calls')
  writeFileSync(log, '')
  for (const fake of fakes) {
    writeFileSync(join(bin, fake), `#!/bin/sh\necho "${fake} $*" >> ${log}\n`)
    chmodSync(join(bin, fake), 0o755)
  }
  const [file, ...rest] = args as [string, ...string[]]
  const { status, stdout, stderr } = spawnSync(join(unpacked, file), rest, {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: `${bin}:/usr/bin:/bin` },
  })
  return { code: status!, said: stdout + stderr, calls: readFileSync(log, 'utf8').trim().split('\n') }
}

test('what is unpacked is whole, and equal inputs are equal bytes', () => {
  const first = bundle({ root, images, version: VERSION })
  expect(first.name).toBe(NAME)
  expect(bundle({ root, images, version: VERSION }).archive.equals(first.archive)).toBe(true)
  const unpacked = unpack()
  expect(readdirSync(unpacked).sort()).toEqual(['SHA256SUMS', 'VERSION', 'chart', 'crds', 'images', 'load', 'verify'])
  const { code, said } = script(unpacked, ['verify'])
  expect([code, said]).toEqual([0, `7 files of version ${VERSION} are whole\n`])
})

test.each([`images/controller-${VERSION}-amd64.tar`, 'load', 'VERSION'])(
  '%s that was changed is named, and nothing is loaded',
  file => {
    const unpacked = unpack()
    appendFileSync(join(unpacked, file), ' ')
    const verified = script(unpacked, ['verify'])
    expect([verified.code, verified.said.includes(file.slice(0, 20))]).toEqual([1, true])
    expect(script(unpacked, ['load', 'kind'], ['kind'])).toMatchObject({ code: 1, calls: [''] })
  },
)

test.each([
  [['kind', 'mine'], 'kind', `kind load image-archive images/controller-${VERSION}-amd64.tar --name mine`, ''],
  [['minikube'], 'minikube', `minikube image load images/controller-${VERSION}-amd64.tar`, ''],
  [
    ['containerd'],
    'ctr',
    `ctr -n k8s.io images import --label io.cri-containerd.pinned=pinned images/controller-${VERSION}-amd64.tar`,
    '',
  ],
  [
    ['registry', 'r.local:5000/a/'],
    'skopeo',
    `skopeo copy --quiet oci-archive:images/controller-0.1.0-amd64.tar docker://r.local:5000/a/todo-event-platform/controller:${VERSION}`,
    ' --set imageRegistry=r.local:5000/a',
  ],
])('load %j brings both images there and says how to go on', (args, program, call, setting) => {
  const { code, said, calls } = script(unpack(), ['load', ...args], [program])
  expect(code).toBe(0)
  expect(calls).toEqual([call, call.replaceAll('controller', 'services')])
  expect(
    said
      .trim()
      .endsWith(`${NAME}/chart/todo-event-platform-${VERSION}.tgz --namespace todo --create-namespace${setting}`),
  ).toBe(true)
})

test('load without a place to load to says which there are', () => {
  const unpacked = unpack()
  expect(script(unpacked, ['load'])).toMatchObject({ code: 2, said: expect.stringContaining('load registry HOST') })
  expect(script(unpacked, ['load', 'registry'])).toMatchObject({ code: 2 })
})

test('images of another version are refused with the way out', () => {
  expect(() => bundle({ root, images, version: '9.9.9' })).toThrow(
    /^TEP5401: .*controller-9\.9\.9-\*\.tar.*make images/,
  )
})

test('tep bundle makes it, and looks into it without unpacking: what is changed, cut off or something else is told', async () => {
  const file = join(folder, 'made.tar')
  const made = await tep(['bundle', 'create', '--images', images, '-f', file, '-o', 'json'])
  expect([made.code, JSON.parse(made.out)]).toEqual([0, expect.objectContaining({ file, bytes: expect.any(Number) })])
  const archive = readFileSync(file)
  expect(archive.equals(bundle({ root, images, version: VERSION }).archive)).toBe(true)
  const look = async (bytes: Buffer) => {
    writeFileSync(file, bytes)
    return tep(['bundle', 'verify', file, '-o', 'json'])
  }
  expect(JSON.parse((await look(archive)).out)).toEqual({ file, whole: true, beside: true, faults: [] })

  const changed = Buffer.from(archive)
  changed.write('ARCHIVE', archive.indexOf('archive of services'))
  const { code, out } = await look(changed)
  expect([code, JSON.parse(out).faults]).toEqual([
    1,
    [expect.stringContaining('.sha256'), `${NAME}/images/services-${VERSION}-amd64.tar is not as it was packed`],
  ])
  for (const bytes of [archive.subarray(0, 5_000), Buffer.from('hello'), Buffer.alloc(1_024), Buffer.alloc(0)])
    expect(await look(bytes)).toMatchObject({ code: 2, err: expect.stringContaining('TEP5401') })
  const nothing = await tep(['bundle', 'create', '--images', join(folder, 'none'), '-f', file])
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringMatching(/TEP5401: .*run make images first/)])
})

withHelm('the chart in it is what Helm would have packed, and renders the same', () => {
  const ours = join(folder, 'ours.tgz')
  writeFileSync(ours, packChart(root, 'todo-event-platform'))
  run('package', root, '--destination', folder)
  const listed = (file: string): string[] =>
    spawnSync('tar', ['-tzf', file], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .filter(path => !path.endsWith('/'))
      .sort()
  expect(listed(ours)).toEqual(listed(join(folder, `todo-event-platform-${VERSION}.tgz`)))
  const render = (chart: string): string =>
    run('template', 'todo', chart, '--include-crds', '--set', 'platform.enabled=true,observability.enabled=true')
  expect(render(ours)).toBe(render('.'))
})
