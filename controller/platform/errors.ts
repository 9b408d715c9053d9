/** Codes of what a spec asks for and cannot have; each has its line in docs/errors.md. */
export type SpecErrorCode =
  | 'TEP-SPEC-TOPIC-PARTITIONS'
  | 'TEP-SPEC-KAFKA-CONFIG'
  | 'TEP-SPEC-SUBSCRIPTION-TOPIC'
  | 'TEP-SPEC-PROVIDER'

export interface Refusal {
  code: SpecErrorCode
  /** Path in the spec. */
  field: string
  /** Names the value and the way out. */
  message: string
  /** Kind and name of the child that stays as it is. */
  kind: string
  name: string
}
