import type { Finding } from './rule.ts'
import type { Unit } from './units.ts'

/** All units of all files: what only shows when they are looked at together. */
export interface Source {
  file: string
  units: Unit[]
}

interface Place {
  file: string
  line: number
  column: number
  value: string
}

/** One name for one thing, in all files. */
export function projectFindings(sources: readonly Source[]): Finding[] {
  return [
    ...differing(
      places(
        sources,
        /dapr\.io\/app-id["']?:\s*["']?([\w-]+)|publish-app-id[ =]([\w-]+)|v1\.0\/invoke\/([\w-]+)\/method/,
      ),
      {
        rule: 'app-id-differs',
        why: 'the same app under two ids: scopes, invocation and consumer groups go by the exact id',
        fix: 'one id everywhere; the platform’s are backend-service, recurring-service, …',
        same: value => value.replace(/-service$/, ''),
      },
    ),
    ...differing(secretsOf(sources), {
      rule: 'secret-differs',
      why: 'the same value is looked for in two Secrets: one of them is not there',
      fix: 'one Secret and key for the database everywhere',
      same: () => 'connection string',
    }),
  ]
}

function places(sources: readonly Source[], pattern: RegExp): Place[] {
  return sources.flatMap(({ file, units }) =>
    units.flatMap(({ lines, start }) =>
      lines.flatMap((line, i) => {
        const match = pattern.exec(line)
        const value = match?.slice(1).find(group => group !== undefined)
        return value ? [{ file, line: start + i, column: match!.index + 1, value }] : []
      }),
    ),
  )
}

function secretsOf(sources: readonly Source[]): Place[] {
  return sources.flatMap(({ file, units }) =>
    units.flatMap(({ objects }) =>
      objects.flatMap(({ object, start, lines }) =>
        (Array.isArray(object['spec']?.metadata) ? object['spec'].metadata : [])
          .filter(
            (each: { name?: string; secretKeyRef?: object }) => each?.name === 'connectionString' && each.secretKeyRef,
          )
          .map(({ secretKeyRef: { name, key } }: { secretKeyRef: { name: string; key: string } }) => ({
            file,
            line:
              start +
              Math.max(
                0,
                lines.findIndex(line => line.includes(name)),
              ),
            column: 1,
            value: `${name}/${key}`,
          })),
      ),
    ),
  )
}

/** Each place that names the thing otherwise than the most do. */
function differing(
  found: readonly Place[],
  { rule, why, fix, same }: { rule: string; why: string; fix: string; same(value: string): string },
): Finding[] {
  return [...Map.groupBy(found, ({ value }) => same(value)).values()].flatMap(group => {
    const counts = Map.groupBy(group, ({ value }) => value)
    if (counts.size < 2) return []
    const [usual] = [...counts].sort(([, a], [, b]) => b.length - a.length)[0]!
    return group
      .filter(({ value }) => value !== usual)
      .map(({ value, ...place }) => ({
        ...place,
        rule,
        severity: 'warning' as const,
        message: `${value}, elsewhere ${usual}`,
        why,
        fix,
      }))
  })
}
