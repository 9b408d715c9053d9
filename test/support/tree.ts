/** This tree again, somewhere else. */
import { cpSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './laptop.ts'

/** What a clone of the repository would not have. */
const NOT_IN_GIT = /^(\.git|\.tep|node_modules|dist|coverage|\.bench)$/

/** The tree as a clone would have it, with what is not committed yet. */
export function copyTree(to: string): void {
  rmSync(to, { recursive: true, force: true })
  for (const name of readdirSync(root))
    if (!NOT_IN_GIT.test(name)) cpSync(join(root, name), join(to, name), { recursive: true })
}

/** A copy in which programs run: with the packages of this one. */
export function workingCopy(to: string): void {
  copyTree(to)
  symlinkSync(realpathSync(join(root, 'node_modules')), join(to, 'node_modules'))
}
