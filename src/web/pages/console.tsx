import { type Signal, signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { Problem } from '../ui/loaded.tsx'

const loaded: Signal<ComponentType | undefined> = signal(undefined)
const problem = signal('')

/** The console is for few: its code comes when it is opened. */
export function ConsolePage() {
  const load = async (): Promise<void> => {
    try {
      const { Console } = await import('../console/console.tsx')
      loaded.value = Console
      problem.value = ''
    } catch {
      problem.value = 'The console could not be loaded.'
    }
  }
  if (problem.value) return <Problem text={problem.value} retry={load} />
  if (!loaded.value) {
    void load()
    return <p class="quiet">Loading …</p>
  }
  const Console = loaded.value
  return <Console />
}
