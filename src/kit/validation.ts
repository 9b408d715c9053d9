import type { ErrorObject } from 'ajv'
import Ajv2020Module, { type Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { type FieldProblem, Problem } from './problem.ts'

/** A validator as every input meets it: JSON Schema 2020-12, all mistakes told, defaults filled in. */
export function createValidator({ coerceTypes = false }: { coerceTypes?: boolean } = {}): Ajv2020 {
  const ajv = new Ajv2020Module.Ajv2020({
    allErrors: true,
    coerceTypes,
    useDefaults: true,
    allowUnionTypes: true,
    // Our own schemas, against the schema of schemas: a fifth of what a start costs, and `strict` refuses what is misspelt.
    validateSchema: false,
  })
  ;(formats as unknown as (target: unknown) => void)(ajv)
  // ajv-formats takes urn:uuid: too, which PostgreSQL does not.
  ajv.addFormat('uuid', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i)
  return ajv
}

type Mistake = Pick<ErrorObject, 'instancePath' | 'keyword' | 'params'> & { message?: string }

/** Problem TEP4001 that names each field. */
export function invalidInput(mistakes: readonly Mistake[]): Problem {
  const errors = mistakes.map(fieldProblem)
  return new Problem('TEP4001', errors.map(({ field, message }) => `${field}: ${message}`).join('; '), errors)
}

function fieldProblem({ instancePath, keyword, params, message }: Mistake): FieldProblem {
  const path = instancePath.split('/').slice(1)
  if (keyword === 'required')
    return { field: [...path, String(params['missingProperty'])].join('.'), message: 'is required' }
  if (keyword === 'additionalProperties') {
    return { field: [...path, String(params['additionalProperty'])].join('.'), message: 'is not a known field' }
  }
  const allowed = keyword === 'enum' ? `: ${(params['allowedValues'] as unknown[]).join(', ')}` : ''
  return { field: path.join('.') || 'body', message: `${message ?? keyword}${allowed}` }
}
