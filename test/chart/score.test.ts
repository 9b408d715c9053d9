import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { findEngine } from '../engines/find.ts'
import { run, withHelm } from './helm.ts'

const score = findEngine('kube-score')
if (!score)
  console.log('kube-score is not here: what it would say of the chart is not looked at (make engines gets it)')

/** What kube-score asks for and the chart does not do, with why. */
const DECLINED: Record<string, string> = {
  'container-image-pull-policy': 'tags of releases never move; a node without the registry must still start its pods',
  'deployment-has-host-podantiaffinity': 'topologySpreadConstraints say the same of two pods, and more of three',
}

interface Scored {
  object_name: string
  checks: {
    check: { id: string }
    grade: number
    skipped: boolean
    comments: { path: string; summary: string }[] | null
  }[]
}

const check = score ? withHelm : test.skip
check.each(['default', 'production'])('kube-score has nothing to say of %s that was not decided otherwise', name => {
  const values = join(import.meta.dirname, 'values', `${name}.yaml`)
  expect(load(readFileSync(values, 'utf8'))).toBeDefined()
  const rendered = run('template', 'todo', '.', '--namespace', 'todo', '--values', values)
  // A limit of CPU throttles an operator that is idle but for moments; all have a request.
  const args = ['score', '--output-format', 'json', '--ignore-container-cpu-limit', '--exit-one-on-warning=false', '-']
  let out: string
  try {
    out = execFileSync(score!.command, args, { input: rendered, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
  } catch (error) {
    // Exit code 1 when it has something to say.
    out = String((error as { stdout: unknown }).stdout)
  }
  const objects = JSON.parse(out) as Scored[]
  expect(objects.length).toBeGreaterThan(5)
  const said = objects.flatMap(({ object_name, checks }) =>
    checks
      .filter(({ check: { id }, grade, skipped }) => !skipped && grade < 10 && !(id in DECLINED))
      .map(({ check: { id }, comments }) => [object_name, id, comments?.map(each => each.summary)]),
  )
  expect(said).toEqual([])
})
