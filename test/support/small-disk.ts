import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverAccount } from '../../src/local/postgres/account.ts'

export interface SmallDisk {
  /** An empty folder on it that is PostgreSQL's own. */
  folder: string
  resize(megabytes: number): void
  remove(): void
}

/** A disk that is soon full: memory under a size limit. @returns undefined where nothing can be mounted, as without root */
export async function smallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const mountPoint = mkdtempSync(join(tmpdir(), 'small-disk-'))
  const mount = (...options: string[]): void => {
    execFileSync('mount', [...options, 'tmpfs', mountPoint], { stdio: 'ignore' })
  }
  try {
    mount('-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`)
  } catch {
    rmSync(mountPoint, { recursive: true })
    return undefined
  }
  const folder = join(mountPoint, 'data')
  mkdirSync(folder, { mode: 0o700 })
  const { owner } = await serverAccount([mountPoint])
  if (owner !== undefined) chownSync(folder, owner, -1)
  return {
    folder,
    resize: size => mount('-o', `remount,size=${size}m`),
    remove: () => {
      execFileSync('umount', ['--lazy', mountPoint])
      rmSync(mountPoint, { recursive: true })
    },
  }
}
