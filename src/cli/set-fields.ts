import { load } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { EXIT, Exit } from './exit.ts'
import { schemaOf } from './schema-field.ts'

/**
 * A manifest with some fields set, each as `spec.services.backend.replicas=3`: the value is YAML, and null takes the field
 * away. Pure.
 * @throws Exit TEP5014 for a field that there is not, TEP5015 for what is no assignment
 */
export function withFields(manifest: KubeObject, assignments: readonly string[]): KubeObject {
  const changed = structuredClone(manifest)
  for (const assignment of assignments) {
    const [, path, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? []
    if (!path?.startsWith('spec.') || /[[\]]/.test(path))
      throw new Exit(
        'TEP5015',
        EXIT.usage,
        `--set ${assignment}: write spec.FIELD.FIELD=VALUE; lists are set as a whole`,
      )
    const names = path.split('.')
    schemaOf(names)
    const last = names.pop()!
    const parent = names.reduce<Record<string, unknown>>((at, name) => {
      if (typeof at[name] !== 'object' || at[name] === null) at[name] = {}
      return at[name] as Record<string, unknown>
    }, changed)
    const value = parsed(assignment, text!)
    if (value === null) delete parent[last]
    else parent[last] = value
  }
  return changed
}

function parsed(assignment: string, text: string): unknown {
  try {
    return load(text) ?? null
  } catch (error) {
    throw new Exit('TEP5015', EXIT.usage, `--set ${assignment}: ${(error as Error).message.split('\n')[0]}`)
  }
}
