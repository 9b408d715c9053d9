/** `fetch` that always ends: a request whose answer was lost with its forwarder has outlived its AbortSignal.timeout by minutes. */
export async function fetchWithin<T>(
  ms: number,
  url: string,
  init: RequestInit,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const abort = new AbortController()
  const timer = setTimeout(() => {
    const error = new Error(`no answer of ${url} within ${ms / 1_000} s`)
    abort.abort(error)
    reject(error)
  }, ms)
  try {
    return await Promise.race([fetch(url, { ...init, signal: abort.signal }).then(read), late])
  } finally {
    clearTimeout(timer)
  }
}
