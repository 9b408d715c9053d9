/** Rows on which the embedded server may differ, each with its reason. Printed by every run; one that no longer differs fails it. */
export interface Exception {
  table: string
  row: string
  reason: string
}

export const EXCEPTIONS: readonly Exception[] = []
