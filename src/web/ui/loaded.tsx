import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

export interface Loaded<T> {
  value: T | undefined
  problem: string
  reload(): Promise<void>
}

/** Fetches when shown, and again on `reload` or when `deps` change. */
export function useLoaded<T>(fetch: () => Promise<T>, deps: readonly unknown[] = []): Loaded<T> {
  const value = useSignal<T | undefined>(undefined)
  const problem = useSignal('')
  const reload = async (): Promise<void> => {
    try {
      value.value = await fetch()
      problem.value = ''
    } catch (error) {
      problem.value = (error as Error).message
    }
  }
  useEffect(() => void reload(), deps as unknown[])
  return { value: value.value, problem: problem.value, reload }
}

/** The content once it is there, and what to say until then. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.value !== undefined) {
    return (
      <>
        {of.problem && <Problem text={of.problem} retry={of.reload} />}
        {children(of.value)}
      </>
    )
  }
  if (of.problem) return <Problem text={of.problem} retry={of.reload} />
  return <p class="quiet">Loading …</p>
}

export function Problem({ text, retry }: { text: string; retry?: () => unknown }) {
  return (
    <p class="problem" role="alert">
      <span>{text}</span>
      {retry && (
        <button type="button" onClick={() => void retry()}>
          Try again
        </button>
      )}
    </p>
  )
}
