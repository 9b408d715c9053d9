import type { FlowReport } from '../../../src/contracts/flow.ts'

/** What was heard of one pod. */
export interface PodWord {
  pod: string
  component: string
  sidecar: boolean
  /** Absent: it did not answer. */
  report?: FlowReport
  /** Why it did not, or why its node does not run all of it. */
  trouble?: string
}

export const reportsOf = (words: readonly PodWord[], component: string): FlowReport[] =>
  words.flatMap(word => (word.component === component && word.report ? [word.report] : []))
