/**
 * Deals schedules to workers, one at a time. A worker stays with a scenario while there is some of it left: what a scenario
 * needs (the fault-free run, what is rendered of its platform) is made once by whoever has it. At the end all help.
 */
export class Deal {
  readonly #left = new Map<string, string[]>()
  readonly #at = new Map<number, string>()

  constructor(names: readonly string[]) {
    for (const name of names) {
      const scenario = name.split('/')[0]!
      const group = this.#left.get(scenario)
      if (group) group.push(name)
      else this.#left.set(scenario, [name])
    }
  }

  /** The next for a worker; `undefined`: all are dealt. */
  next(worker: number): string | undefined {
    const own = this.#at.get(worker)
    const scenario = own !== undefined && this.#left.has(own) ? own : this.#choose()
    if (scenario === undefined) return undefined
    this.#at.set(worker, scenario)
    const group = this.#left.get(scenario)!
    const name = group.shift()!
    if (group.length === 0) this.#left.delete(scenario)
    return name
  }

  /** What nobody has, the longest first, so that the end is even; else what is left of what others have. */
  #choose(): string | undefined {
    const taken = new Set(this.#at.values())
    const longest = (groups: [string, string[]][]): string | undefined =>
      groups.sort(([, a], [, b]) => b.length - a.length)[0]?.[0]
    const all = [...this.#left]
    return longest(all.filter(([scenario]) => !taken.has(scenario))) ?? longest(all)
  }
}
