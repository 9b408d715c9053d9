import { type PlatformView, viewToken } from '../../../contracts/platform-view.ts'
import { Problem } from '../../../kit/problem.ts'

/** Where the operator is asked, and what proves that this platform asks. */
export interface OperatorDoor {
  url: string | undefined
  /** The token between app and sidecar. */
  apiToken: string | undefined
}

const PATIENCE_MS = 5_000

/** What the operator knows of this platform. @throws Problem TEP4210 */
export async function askOperator({ url, apiToken }: OperatorDoor): Promise<PlatformView> {
  if (!url || !apiToken)
    throw new Problem(
      'TEP4210',
      'The operator tells nothing without a token to know us by: leave spec.dapr.apiToken on.',
    )
  const headers = { authorization: `Bearer ${viewToken(apiToken)}` }
  const answer = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
    (error: Error) => {
      throw new Problem('TEP4210', `The operator at ${new URL(url).origin} does not answer: ${reasonOf(error)}`)
    },
  )
  if (!answer.ok)
    throw new Problem(
      'TEP4210',
      `The operator at ${new URL(url).origin} answers ${answer.status}: it may not serve this platform yet.`,
    )
  return (await answer.json()) as PlatformView
}

/** fetch says "fetch failed", and why in its cause. */
const reasonOf = ({ message, cause }: Error): string => (cause instanceof Error ? cause.message : message)
