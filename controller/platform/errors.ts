/** Codes of what a spec asks for and cannot have; each has its line in docs/errors.md. */
export type SpecErrorCode =
  | 'TEP-SPEC-TOPIC-PARTITIONS'
  | 'TEP-SPEC-TOPIC-REPLICAS'
  | 'TEP-SPEC-KAFKA-CONFIG'
  | 'TEP-SPEC-KAFKA-SWITCH'
  | 'TEP-SPEC-KAFKA-STORAGE'
  | 'TEP-SPEC-KAFKA-NODES'
  | 'TEP-SPEC-KAFKA-ACCESS'
  | 'TEP-SPEC-NAME-TAKEN'
  | 'TEP-SPEC-VERSION'
  | 'TEP-SPEC-SUBSCRIPTION-TOPIC'
  | 'TEP-SPEC-SUBSCRIPTION-TAKEN'

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
