const PERIOD_MS = 100

/**
 * Lets a process run for a share of each 100 ms only, as the kernel does with a container that has used up its quota
 * (cgroup v2 `cpu.max`; the period is Kubernetes' `cpuCFSQuotaPeriod`). Needs no rights.
 * @param share of one processor, between 0 and 1
 * @returns the function that lets it run on
 */
export function throttle(pid: number, share: number): () => void {
  let timer: NodeJS.Timeout
  const run = (): void => {
    process.kill(pid, 'SIGCONT')
    timer = setTimeout(hold, PERIOD_MS * share)
  }
  const hold = (): void => {
    process.kill(pid, 'SIGSTOP')
    timer = setTimeout(run, PERIOD_MS * (1 - share))
  }
  hold()
  return () => {
    clearTimeout(timer)
    process.kill(pid, 'SIGCONT')
  }
}
