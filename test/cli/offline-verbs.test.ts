/** The verbs that need nothing but themselves. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { unifiedDiff } from '../../src/cli/unified-diff.ts'
import { platformSchema } from '../../src/contracts/platform/schema.ts'
import { kubeconfig } from '../../src/local/kube-api/index.ts'
import { root } from '../support/laptop.ts'
import { tep } from '../support/tep.ts'

describe('explain', () => {
  test('a field, with type, bounds and what is below', async () => {
    const { code, out } = await tep(['explain', 'spec.kafka.strimzi.controllers'])
    expect(code).toBe(0)
    expect(out).toContain('spec.kafka.strimzi.controllers <object>')
    expect(out).toContain('replicas <integer>  Number of nodes; odd.')
    expect(out).toContain('Rule: replicas of the controllers must be odd')
  })

  test('every field of the resource can be explained', async () => {
    const { out } = await tep(['explain', 'tep', '--recursive'])
    for (const name of Object.keys(platformSchema.properties!['spec']!.properties!))
      expect(out).toContain(`  ${name} <`)
  })

  test('every code of docs/errors.md can be explained', async () => {
    const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
    for (const [, code] of page.matchAll(/^\| (TEP\S+) \|/gm)) {
      const { code: exit, out } = await tep(['explain', code!.toLowerCase()])
      expect([code, exit, out.startsWith(code!)]).toEqual([code, 0, true])
    }
  })

  test('what is not there is told, with what is', async () => {
    const field = await tep(['explain', 'spec.kafka.zookeeper'])
    expect([field.code, field.err]).toEqual([2, expect.stringMatching(/TEP5014.*strimzi, redpanda, external/)])
    const code = await tep(['explain', 'TEP4999'])
    expect([code.code, code.err]).toEqual([2, expect.stringMatching(/TEP5014.*TEP4/)])
  })
})

test('version --client asks nobody', async () => {
  const { out } = await tep(['version', '--client', '-o', 'json'])
  expect(JSON.parse(out)).toEqual({ tep: expect.any(String), resource: 'todo.events/v1alpha1', node: process.version })
})

test('an unknown verb or option ends with 2, help with 0', async () => {
  expect((await tep(['fly'])).code).toBe(2)
  expect((await tep(['status', '--fly'])).code).toBe(2)
  const help = await tep(['--help'])
  expect([help.code, help.out.includes('status')]).toEqual([0, true])
})

test('render leaves out what is refused, says why, and ends with 8', async () => {
  const file = join(root, 'test/cli/refused.testing.yaml')
  const { code, err } = await tep(['render', '-f', file])
  expect(code).toBe(8)
  expect(err).toContain('TEP-SPEC-SUBSCRIPTION-TOPIC spec.subscriptions[app=billing,topic=nowhere].topic')
})

test('render --set sets fields of the spec to other values, takes them away with null, and knows which fields there are', async () => {
  const manifest = join(root, 'examples/production-strimzi.yaml')
  const rendered = (...set: string[]) =>
    tep(['render', '-f', manifest, '-o', 'json', ...set.flatMap(each => ['--set', each])])
  const backend = async (...set: string[]) => {
    const all = JSON.parse((await rendered(...set)).out) as KubeObject[]
    const { replicas, template } = all.find(
      ({ kind, metadata }) => kind === 'Deployment' && /-backend$/.test(metadata.name),
    )!['spec']
    return [replicas, template.spec.containers[0].image.split(':').at(-1)]
  }
  expect(await backend('spec.services.backend.replicas=7', 'spec.version=0.1.3')).toEqual([7, '0.1.3'])
  expect((await backend('spec.services.backend={replicas: 5}'))[0]).toBe(5)
  expect((await rendered('spec.monitoring=null')).code).toBe(0)
  for (const [set, code] of [
    ['spec.services.backend.replica=7', 'TEP5014'],
    ['metadata.name=x', 'TEP5015'],
    ['spec.topics[0].partitions=3', 'TEP5015'],
    ['spec.services.backend={', 'TEP5015'],
    ['spec', 'TEP5015'],
  ] as const)
    expect([set, (await rendered(set)).err]).toEqual([set, expect.stringContaining(code)])
})

test('a kubeconfig that is none is told with what to do, and without what stands in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tep-kubeconfig-'))
  const file = join(folder, 'config')
  const run = (...args: string[]) => tep(['status', '--kubeconfig', file, ...args])
  try {
    expect(await run()).toMatchObject({ code: 2, err: expect.stringMatching(/TEP5009.*ENOENT.*tep up/) })
    writeFileSync(file, 'users: [{name: a, user: {token: hunter2\n')
    const broken = await run()
    expect(broken).toMatchObject({ code: 2, err: expect.stringContaining('is no kubeconfig') })
    expect(broken.err).not.toContain('hunter2')
    writeFileSync(file, kubeconfig({ url: 'https://127.0.0.1:1', token: 'hunter2', namespace: 'todo' }))
    expect(await run('--context', 'none')).toMatchObject({ code: 2, err: expect.stringContaining('there is embedded') })
    const away = await run()
    expect(away).toMatchObject({ code: 2, err: expect.stringMatching(/TEP5009.*ECONNREFUSED.*tep up/) })
    expect(away.err).not.toContain('hunter2')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe('completion', () => {
  const complete = (script: string, words: string[]): string[] =>
    execFileSync(
      'bash',
      [
        '-c',
        `${script}\nCOMP_WORDS=(tep ${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _tep; echo "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    )
      .trim()
      .split(' ')

  test('bash offers verbs, options of a verb, and choices', async () => {
    const { out } = await tep(['completion', 'bash'])
    expect(complete(out, ['sta'])).toEqual(['status'])
    expect(complete(out, ['status', '--wat'])).toEqual(['--watch'])
    expect(complete(out, ['completion', ''])).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
  })

  test.each(['zsh', 'fish'])('%s names every verb', async shell => {
    const { out } = await tep(['completion', shell])
    for (const verb of ['status', 'why', 'render', 'graph']) expect(out).toContain(verb)
    if (shell === 'zsh' && spawnSync('zsh', ['--version']).status === 0)
      expect(spawnSync('zsh', ['-n'], { input: out }).status).toBe(0)
  })
})

test('a unified diff makes the one text of the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '', '  x: 1'), { maxLength: 12 }).map(lines => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = unifiedDiff(before, after, 'a', 'b')
      if (lines.length === 0) return expect(before).toBe(after)
      expect(lines.slice(0, 2)).toEqual(['--- a', '+++ b'])
      // By the numbers of its hunks: what is between them is the same in both.
      const old = before.split('\n')
      const made: string[] = []
      let at = 0
      for (const line of lines.slice(2)) {
        const hunk = /^@@ -(\d+),(\d+) /.exec(line)
        if (hunk) {
          const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1)
          made.push(...old.slice(at, start))
          at = start
        } else if (line.startsWith('+')) made.push(line.slice(1))
        else {
          expect(old[at++]).toBe(line.slice(1))
          if (line.startsWith(' ')) made.push(line.slice(1))
        }
      }
      expect([...made, ...old.slice(at)].join('\n')).toBe(after)
    }),
  )
})
