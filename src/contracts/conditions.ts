/** Conditions of a platform that tell of something wanted or wrong while they are True, and of nothing while they are not. */
export const TOLD_WHEN_TRUE: readonly string[] = [
  'Suspended',
  'FieldConflict',
  'CRDOutdated',
  'ChildrenSkipped',
  'Deleting',
]
