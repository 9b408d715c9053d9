/** The body of a server-side apply. */
import { YAMLException } from 'js-yaml'
import { jsonKind } from '../decode/typed.ts'
import { parseYaml, yamlProblem } from '../decode/yaml.ts'
import { isObject, type JsonObject } from '../json.ts'
import { badRequest } from '../status.ts'

/** Throws 400 for what cannot be read, and for a key that is there twice where `validation` is strict. */
export function decodeApply(
  body: unknown,
  validation: 'Strict' | 'Warn' | 'Ignore',
  warn: (text: string) => void,
): JsonObject {
  let value = body
  if (typeof body === 'string')
    try {
      value = parseYaml(body, what => {
        if (validation === 'Strict')
          throw badRequest(
            `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${what}`,
          )
        if (validation === 'Warn') warn(what)
      })
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error
      throw badRequest(`error decoding YAML: ${yamlProblem(error)}`)
    }
  if (isObject(value)) return value as JsonObject
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`,
  )
}
