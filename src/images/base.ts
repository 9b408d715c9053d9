/** The files under both images: Node.js, the shared libraries it needs, and the names that a user without a shell needs. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { linkedWith } from './elf.ts'
import { ImageError } from './errors.ts'
import type { Entry } from './tar.ts'

/** Where dynamic linkers look (ld.so(8)), by architecture; the same path is used in the image. */
export const LIBRARY_FOLDERS = {
  amd64: ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
  arm64: ['/lib/aarch64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
}
export type Architecture = keyof typeof LIBRARY_FOLDERS

/** Looked up by name when a host's name is resolved, by glibc before 2.34; newer ones have them inside. */
const BY_NAME = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2']

export const USER = 65_532
export const NODE_PATH = 'usr/local/bin/node'

/** A file of the host that goes into the image, and what is known of it. */
export interface HostFile {
  path: string
  /** Where it came from. */
  source: string
}

/**
 * Everything that `program` and what it needs loads, each library under the path where the linker finds it.
 * @throws ImageError TEP5202 naming a library that is not there
 */
export function librariesOf(
  program: Buffer,
  architecture: Architecture,
  folders = LIBRARY_FOLDERS[architecture],
): HostFile[] {
  const found = new Map<string, HostFile>()
  const add = (path: string): void => {
    const source = realpathSync(path)
    found.set(basename(path), { path: path.slice(1), source })
    for (const name of linkedWith(readFileSync(source))?.needed ?? []) need(name)
  }
  const need = (name: string): void => {
    if (found.has(name)) return
    const folder = folders.find(each => existsSync(join(each, name)))
    if (!folder)
      throw new ImageError('TEP5202', `${name}, which Node.js needs, is in none of ${folders.join(', ')}: install it`)
    add(join(folder, name))
  }
  const linked = linkedWith(program)
  if (!linked) return []
  if (linked.interpreter) add(linked.interpreter)
  for (const name of linked.needed) need(name)
  for (const name of BY_NAME) if (folders.some(folder => existsSync(join(folder, name)))) need(name)
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Accounts, because a user without a name makes `os.userInfo()` throw, and where the resolver looks. */
const TEXTS: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/tmp:/sbin/nologin\n`,
  'etc/group': `root:x:0:\nnonroot:x:${USER}:\n`,
  'etc/nsswitch.conf': 'hosts: files dns\n',
}

export function baseEntries(nodeProgram: string, libraries: readonly HostFile[]): Entry[] {
  return [
    { path: NODE_PATH, mode: 0o755, content: readFileSync(nodeProgram) },
    ...libraries.map(({ path, source }) => ({ path, mode: 0o755, content: readFileSync(source) })),
    ...Object.entries(TEXTS).map(([path, text]) => ({ path, content: Buffer.from(text) })),
    { path: 'tmp', mode: 0o1777 },
  ]
}
