/** What is wrong with a field, by the constructors of k8s.io/apimachinery/pkg/util/validation/field. */
import type { FieldError } from './status.ts'

export const fieldInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  value,
  detail,
})

export const fieldRequired = (field: string, detail?: string): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  ...(detail && { detail }),
})

export const fieldForbidden = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  detail,
})

export const fieldNotSupported = (field: string, value: unknown, allowed: readonly unknown[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  value,
  detail: `supported values: ${allowed.map(each => JSON.stringify(each)).join(', ')}`,
})
