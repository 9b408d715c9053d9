import { useEffect } from 'preact/hooks'

/** Does something now and then again and again while the page is shown and in front. */
export function usePolling(work: () => Promise<unknown>, milliseconds: number, deps: readonly unknown[] = []): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    let ended = false
    const run = async (): Promise<void> => {
      if (!document.hidden) await work()
      if (!ended) timer = setTimeout(run, milliseconds)
    }
    void run()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }, deps as unknown[])
}
