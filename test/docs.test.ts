import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './support/laptop.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const tracked = (...paths: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...paths], {
    cwd: root,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...(readdirSync(join(root, 'docs'), { recursive: true }) as string[])
    .filter(file => file.endsWith('.md'))
    .map(file => `docs/${file}`),
  ...readdirSync(join(root, 'adr')).map(file => `adr/${file}`),
]
const CODE = /TEP(?:\d{4}|-[A-Z]+(?:-[A-Z]+)+)/g

test('every error code of the sources has its line in docs/errors.md, and no line is left over', () => {
  const sources = tracked('src', 'controller', 'Makefile').filter(file => !/\.test\.ts$|\/generated\/|\.md$/.test(file))
  const used = new Set(sources.flatMap(file => read(file).match(CODE) ?? []))
  const documented = new Set([...read('docs/errors.md').matchAll(/^\| (TEP\S+) \|/gm)].map(([, code]) => code!))
  expect([...documented].sort()).toEqual([...used].sort())
})

test.each(pages)('links and make targets of %s exist', page => {
  const text = read(page)
  for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
    expect([target, existsSync(join(root, dirname(page), target!))]).toEqual([target, true])
  const targets = new Set([...read('Makefile').matchAll(/^([a-z0-9-]+):/gm)].map(([, name]) => name))
  for (const [, target] of text.matchAll(/(?:`|^)make ([a-z][a-z0-9-]*)/gm)) expect([...targets]).toContain(target)
})

test('files and paths the documents name exist', () => {
  for (const page of pages) {
    for (const [, path] of read(page).matchAll(/`((?:src|controller|test|charts|docs|examples|crds)\/[\w./-]+)`/g)) {
      expect([page, path, existsSync(join(root, path!))]).toEqual([page, path, true])
    }
  }
})

test('docs/guarantees.md names tests that exist, and leaves out no fault of the matrix', () => {
  const text = read('docs/guarantees.md')
  const rows = [...text.matchAll(/^\| (B\d+) .*\| (?:–|\[(.+)\]\(\.\.\/(\S+)\)) \|$/gm)]
  expect([...new Set(rows.map(([, fault]) => fault))]).toEqual(Array.from({ length: 14 }, (_, n) => `B${n + 1}`))
  expect(rows).toHaveLength([...text.matchAll(/^\| B/gm)].length)
  for (const [, , title, file] of rows)
    if (title) expect([file, title, read(file!).includes(title)]).toEqual([file, title, true])
})

test('docs/capability-levels.md names tests that exist, and counts them right', () => {
  const [, ...levels] = read('docs/capability-levels.md').split(/^## /m)
  expect(levels.map(level => [...level.matchAll(/^\| \d+\.\d+ /gm)].length)).toEqual([10, 5, 10, 8, 6])
  for (const level of levels) {
    const shown = [...level.matchAll(/^\| \d+\.\d+ .*\| \[(.+)\]\(\.\.\/(\S+)\) \|$/gm)]
    expect(level).toContain(`: ${shown.length} of `)
    for (const [, title, file] of shown) expect([file, read(file!).includes(title!)]).toEqual([file, true])
  }
})
