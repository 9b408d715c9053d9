/** What a Linux program needs beside itself, read from the file as the dynamic linker reads it (ELF-64, System V ABI). */

export interface Linked {
  /** The program that loads it, such as /lib64/ld-linux-x86-64.so.2; libraries name none. */
  interpreter?: string
  /** Names of shared libraries. */
  needed: string[]
}

const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NEEDED = 1n
const DT_STRTAB = 5n

/** @returns `undefined` when it is no 64-bit little-endian ELF file */
export function linkedWith(file: Buffer): Linked | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) return undefined
  const number = (at: number): number => Number(file.readBigUInt64LE(at))
  const [table, size, count] = [number(32), file.readUInt16LE(54), file.readUInt16LE(56)]
  const segments = Array.from({ length: count }, (_, index) => {
    const at = table + index * size
    return { type: file.readUInt32LE(at), offset: number(at + 8), address: number(at + 16), length: number(at + 32) }
  })
  const text = (at: number): string => file.toString('latin1', at, file.indexOf(0, at))
  const interpreter = segments.find(({ type }) => type === PT_INTERP)
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
  const tags = dynamic
    ? Array.from({ length: dynamic.length / 16 }, (_, index) => {
        const at = dynamic.offset + index * 16
        return { tag: file.readBigInt64LE(at), value: number(at + 8) }
      })
    : []
  const strings = tags.find(({ tag }) => tag === DT_STRTAB)?.value ?? 0
  const home = segments.find(
    ({ type, address, length }) => type === PT_LOAD && address <= strings && strings < address + length,
  )
  const start = home ? strings - home.address + home.offset : strings
  return {
    ...(interpreter && { interpreter: text(interpreter.offset) }),
    needed: tags.filter(({ tag }) => tag === DT_NEEDED).map(({ value }) => text(start + value)),
  }
}
