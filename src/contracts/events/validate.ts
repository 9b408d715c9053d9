import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { DEFINITIONS, EVENT_SCHEMAS, type EventType, type JsonSchema } from './schemas.ts'

export interface Violation {
  /** Path of the offending field inside `data`, dotted, e.g. `task.priority`; empty for the data itself. */
  field: string
  message: string
}

type Mode = 'consume' | 'publish'

const addFormats = formats as unknown as (ajv: Ajv2020) => void
const engines = new Map<Mode, Ajv2020>()
const compiled = new Map<string, ValidateFunction>()

/**
 * Checks the data of a known type. `consume` tolerates unknown fields, so that a newer publisher does not break us;
 * `publish` refuses them, so that a misspelt field never becomes part of the contract.
 *
 * @returns every violation; empty when valid
 */
export function violations(type: EventType, data: unknown, mode: Mode): Violation[] {
  const validate = validatorFor(type, mode)
  return validate(data) ? [] : violationsOf(validate)
}

// Compiled on first use: a service handles a handful of the types, and compiling all of them would slow every start.
function validatorFor(type: EventType, mode: Mode): ValidateFunction {
  const key = `${mode}:${type}`
  const known = compiled.get(key)
  if (known) return known
  const validate = compileSchema(EVENT_SCHEMAS[type], DEFINITIONS, mode)
  compiled.set(key, validate)
  return validate
}

/** The validator of one type's data, as a consumer or as a publisher has it. */
export function compileSchema(
  schema: JsonSchema,
  definitions: Readonly<Record<string, JsonSchema>>,
  mode: Mode,
): ValidateFunction {
  const closed = mode === 'publish'
  return engineOf(mode).compile({ ...adapt(schema, closed), $defs: adaptAll(definitions, closed) })
}

/** What was wrong with the value a validator refused last. */
export const violationsOf = (validate: ValidateFunction): Violation[] => (validate.errors ?? []).map(violationOf)

function engineOf(mode: Mode): Ajv2020 {
  let engine = engines.get(mode)
  if (!engine) {
    engine = new Ajv2020({ allErrors: true, allowUnionTypes: true, validateSchema: false })
    addFormats(engine)
    engines.set(mode, engine)
  }
  return engine
}

function adapt(schema: JsonSchema, closed: boolean): JsonSchema {
  return {
    ...schema,
    ...(schema.items ? { items: adapt(schema.items, closed) } : {}),
    ...(schema.properties ? { properties: adaptAll(schema.properties, closed) } : {}),
    ...(closed && schema.properties ? { additionalProperties: false } : {}),
  }
}

const adaptAll = (schemas: Readonly<Record<string, JsonSchema>>, closed: boolean): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, adapt(schema, closed)]))

function violationOf({ instancePath, keyword, params, message }: ErrorObject): Violation {
  const path = instancePath.split('/').slice(1)
  if (keyword === 'required') path.push(String(params['missingProperty']))
  if (keyword === 'additionalProperties') path.push(String(params['additionalProperty']))
  const allowed = keyword === 'enum' ? `: ${(params['allowedValues'] as unknown[]).join(', ')}` : ''
  return { field: path.join('.'), message: `${message ?? keyword}${allowed}` }
}
