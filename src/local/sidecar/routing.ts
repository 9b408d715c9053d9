import { parse } from '@marcbachmann/cel-js'
import { isRecord } from './json.ts'

export interface Rule {
  /** CEL over `event`; undefined matches everything. */
  match: string | undefined
  path: string
  matches: (event: unknown) => boolean
}

/** @throws Error when the expression is no CEL */
export function rule(match: string | undefined, path: string): Rule {
  const expression = match?.trim()
  if (!expression) return { match: undefined, path, matches: () => true }
  const evaluate = parse(expression)
  return {
    match: expression,
    path,
    matches(event) {
      const result: unknown = evaluate({ event })
      if (typeof result !== 'boolean') throw new Error(`the result of match expression ${expression} was not a boolean`)
      return result
    },
  }
}

export interface Routes {
  route?: string | undefined
  routes?: { rules?: { match?: string; path: string }[] | undefined; default?: string | undefined } | undefined
}

/** Rules in their order, then the default route (dapr pkg/runtime/pubsub/subscriptions.go). */
export function rulesOf({ route, routes }: Routes): Rule[] {
  const rules = (routes?.rules ?? []).filter(isRecord).map(one => rule(one.match, one.path))
  const last = routes?.default || route
  return last ? [...rules, rule(undefined, last)] : rules
}

/** The path of the first rule that matches; undefined when none does. @throws when a rule cannot be evaluated */
export const routeFor = (rules: readonly Rule[], event: unknown): string | undefined =>
  rules.find(one => one.matches(event))?.path
