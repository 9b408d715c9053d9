import { Writable } from 'node:stream'
import { coalesce } from './coalesce.ts'

/** A stream that tells what each write to the system would hold. */
function sink() {
  const pieces: string[][] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => {
      pieces.push([String(chunk)])
      done()
    },
    writev: (chunks, done) => {
      pieces.push(chunks.map(({ chunk }) => String(chunk)))
      done()
    },
  })
  return { stream, pieces }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('what one turn writes leaves in one piece, in order, and counts as pending until then', async () => {
  const { stream, pieces } = sink()
  const hold = coalesce(stream)
  const write = (text: string): void => {
    hold()
    stream.write(text)
  }
  const burst = Array.from({ length: 500 }, (_, index) => `frame ${index}`)
  for (const text of burst) write(text)
  expect(pieces).toEqual([])
  expect(stream.writableLength).toBe(burst.join('').length)
  await turn()
  expect(pieces).toEqual([burst])
  write('later')
  await turn()
  expect(pieces.slice(1).flat()).toEqual(['later'])
})

test('a stream that ends meanwhile ends with all of it', async () => {
  const { stream, pieces } = sink()
  const hold = coalesce(stream)
  hold()
  stream.write('last')
  stream.end()
  await turn()
  expect(pieces.flat()).toEqual(['last'])
  hold()
  await turn()
})
