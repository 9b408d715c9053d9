/** The string formats that the API server checks (apiextensions `supported formats`); others are ignored, as there. */
import { isIPv4, isIPv6 } from 'node:net'
import type { Schema } from './schema.ts'

const dateTime =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/
/** metav1.MicroTime, which Leases carry: Go reads it with exactly six digits after the point. */
const microTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d\.\d{6}([Zz]|[+-]\d\d:\d\d)$/
const date = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const duration = /^-?(\d+(\.\d+)?\s*(ns|us|µs|ms|s|m|h|d|w)\s*)+$|^0$/
export const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|n|u|[eE][+-]?\d+)?$/
/** What Kubernetes says of a text that is no quantity (apimachinery pkg/api/resource ErrFormatWrong). */
export const NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

function isCidr(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/')
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  return rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= bits
}

const checks: Record<string, (text: string) => boolean> = {
  'date-time': text => dateTime.test(text),
  'date-time-micro': text => dateTime.test(text) && microTime.test(text),
  cidr: text => isCidr(text),
  date: text => date.test(text),
  byte: text => base64.test(text.replaceAll(/[\r\n]/g, '')),
  uuid: text => uuid.test(text),
  duration: text => duration.test(text),
  quantity: text => quantity.test(text),
  ipv4: text => isIPv4(text),
  ipv6: text => isIPv6(text),
  ip: text => isIPv4(text) || isIPv6(text),
  email: text => /^[^@\s]+@[^@\s]+$/.test(text),
  hostname: text =>
    /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text),
  uri: text => URL.canParse(text),
}

const byType: Readonly<Record<string, readonly string[]>> = { integer: ['int32', 'int64'], number: ['float', 'double'] }

/** The format that a schema asks for; one that does not belong to its type asks for nothing (validation/formats.go). */
export function formatOf({ type = 'string', format }: Schema): string | undefined {
  if (format === undefined) return undefined
  const known = type === 'string' ? Object.hasOwn(checks, format) : byType[type]?.includes(format)
  return known ? format : undefined
}

export function hasFormat(text: string, format: string): boolean {
  return checks[format]?.(text) ?? true
}
