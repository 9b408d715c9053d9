/** The string formats that the API server checks (apiextensions `supported formats`); others are ignored, as there. */
import { isIPv4, isIPv6 } from 'node:net'

const dateTime =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/
/** Go's RFC3339Micro, which Leases carry: exactly six digits when a fraction is sent is the writer's habit, not a rule. */
const date = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const duration = /^-?(\d+(\.\d+)?\s*(ns|us|µs|ms|s|m|h|d|w)\s*)+$|^0$/
export const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|n|u|[eE][+-]?\d+)?$/

const checks: Record<string, (text: string) => boolean> = {
  'date-time': text => dateTime.test(text),
  'date-time-micro': text => dateTime.test(text),
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

export function hasFormat(text: string, format: string): boolean {
  return checks[format]?.(text) ?? true
}
