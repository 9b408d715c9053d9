/** Archives that are the same bytes whenever and wherever they are written. */

export interface Entry {
  /** Relative, without a leading slash. */
  path: string
  /** Default: 0755 for a folder, 0644 for a file. */
  mode?: number
  /** A file has content, a link a target; what has neither is a folder. */
  content?: Uint8Array
  target?: string
}

const BLOCK = 512

/**
 * POSIX ustar (IEEE 1003.1, pax): sorted by path, parents first, everything owned by root and as old as the epoch.
 * @throws RangeError for a path that does not fit into the header (100 bytes after the last possible cut, 155 before)
 */
export function tar(entries: readonly Entry[]): Buffer {
  const sorted = withParents(entries).sort((a, b) => (a.path < b.path ? -1 : 1))
  const parts = sorted.flatMap(entry => {
    const content = entry.content ?? new Uint8Array()
    return [header(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK - 1))]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}

/** Each path once, the last one given, and every folder on the way to it. */
function withParents(entries: readonly Entry[]): Entry[] {
  const byPath = new Map<string, Entry>()
  for (const entry of entries) {
    const names = entry.path.split('/').filter(Boolean)
    for (let depth = 1; depth < names.length; depth++) {
      const path = names.slice(0, depth).join('/')
      if (!byPath.has(path)) byPath.set(path, { path })
    }
    byPath.set(names.join('/'), { ...entry, path: names.join('/') })
  }
  return [...byPath.values()]
}

function header({ path, mode, content, target }: Entry, size: number): Buffer {
  const folder = content === undefined && target === undefined
  const [prefix, name] = split(folder ? `${path}/` : path)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  block.write(name, 0)
  octal(mode ?? (folder ? 0o755 : target === undefined ? 0o644 : 0o777), 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(0, 136, 11)
  // The sum is taken with its own field as blanks.
  block.write('        ', 148)
  block.write(folder ? '5' : target === undefined ? '0' : '2', 156)
  block.write(target ?? '', 157)
  block.write('ustar\x0000', 257, 'latin1')
  octal(0, 329, 7)
  octal(0, 337, 7)
  block.write(prefix, 345)
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  )
  block.write('\0 ', 154, 'latin1')
  return block
}

function split(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path]
  for (let cut = path.indexOf('/'); cut > 0; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)]
    if (name && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return [prefix, name]
  }
  throw new RangeError(`${path} is too long for an archive`)
}

/**
 * The files of such an archive, by path, in its order.
 * @throws RangeError for what is no ustar archive, or is cut off
 */
export function filesOf(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  let at = 0
  for (;;) {
    const block = archive.subarray(at, at + BLOCK)
    if (block.length < BLOCK) throw new RangeError(`it ends at byte ${archive.length}, in the middle`)
    if (block.every(byte => byte === 0)) return files
    const text = (from: number, length: number): string =>
      block.toString('utf8', from, from + length).replace(/\0.*$/s, '')
    if (text(257, 5) !== 'ustar') throw new RangeError(`there is no entry at byte ${at}`)
    const [prefix, size] = [text(345, 155), Number.parseInt(text(124, 12), 8)]
    const end = at + BLOCK + size
    if (!(end <= archive.length)) throw new RangeError(`it ends at byte ${archive.length}, in the middle`)
    if (text(156, 1) === '0') files.set(`${prefix && `${prefix}/`}${text(0, 100)}`, archive.subarray(at + BLOCK, end))
    at = end + (-size & (BLOCK - 1))
  }
}
