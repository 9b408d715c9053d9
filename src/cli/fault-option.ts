import { InvalidArgumentError } from 'commander'
import type { DeliveryFaults } from '../local/sidecar/index.ts'

/** As `make soak` has them. */
export const USUAL_FAULTS = 'duplicates=0.05,reorder=0.02,lost-replies=0.01'

const NAMES: Readonly<Record<string, keyof DeliveryFaults>> = {
  duplicates: 'duplicates',
  reorder: 'reorder',
  'lost-replies': 'lostReplies',
}
/** Beyond it hardly anything arrives within the attempts that a message has. */
const MOST = 0.5

/** `name=probability` with commas between; what is not named does not happen. @throws InvalidArgumentError */
export function faultsIn(text: string): DeliveryFaults {
  const faults: DeliveryFaults = { duplicates: 0, reorder: 0, lostReplies: 0 }
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.trim().split('=')
    const fault = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
    if (!fault || rest.length > 0)
      throw new InvalidArgumentError(`'${part.trim()}' is no fault: use ${USUAL_FAULTS}, or some of it.`)
    if (!/^\d*\.?\d+$/.test(value) || Number(value) > MOST)
      throw new InvalidArgumentError(`${name} is a probability from 0 to ${MOST}, not '${value}'.`)
    faults[fault] = Number(value)
  }
  return faults
}
