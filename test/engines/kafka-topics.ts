/** Makes topics with Kafka's own protocol: no client library is among the packages, and Kafka's Java tools take seconds. */
import { connect } from 'node:net'

/** CreateTopics, in the last version before the compact encodings (KIP-482). */
const CREATE_TOPICS = 19
const VERSION = 4
const TIMEOUT_MS = 20_000

const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])

function request(names: readonly string[], partitions: number): Buffer {
  const none = int32(0)
  const topics = names.map(name => Buffer.concat([text(name), int32(partitions), int16(1), none, none]))
  const body = Buffer.concat([
    ...[int16(CREATE_TOPICS), int16(VERSION), int32(1), text('conformance')],
    ...[int32(topics.length), ...topics, int32(TIMEOUT_MS), Buffer.from([0])],
  ])
  return Buffer.concat([int32(body.length), body])
}

/** The codes in an answer, by topic. */
function errorsIn(answer: Buffer): Map<string, number> {
  const errors = new Map<string, number>()
  // Length, correlation id and throttle time come first.
  let at = 12
  const short = () => {
    at += 2
    return answer.readInt16BE(at - 2)
  }
  const word = () => {
    const length = short()
    if (length < 0) return ''
    at += length
    return answer.toString('utf8', at - length, at)
  }
  at += 4
  for (let left = answer.readInt32BE(at - 4); left > 0; left--) {
    const name = word()
    errors.set(name, short())
    word()
  }
  return errors
}

/** Makes topics with one replica each. Rejects with Kafka's error codes by topic when one could not be made. */
export function createTopics(bootstrap: string, names: readonly string[], partitions = 1): Promise<void> {
  const [host, port] = bootstrap.split(':')
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const socket = connect(Number(port), host, () => socket.write(request(names, partitions)))
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`Kafka at ${bootstrap} did not answer CreateTopics`)))
    socket.once('error', reject)
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length < 4 || received.length < received.readInt32BE(0) + 4) return
      socket.destroy()
      const failed = [...errorsIn(received)].filter(([, code]) => code !== 0)
      if (failed.length === 0) resolve()
      else
        reject(
          new Error(`topics not made: ${failed.map(([name, code]) => `${name} (Kafka error ${code})`).join(', ')}`),
        )
    })
  })
}
