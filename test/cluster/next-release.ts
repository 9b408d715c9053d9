/** The release after this one: the same tree with another version, set by what sets it for a release, and its images. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Progress } from '../../src/cli/progress.ts'
import { workingCopy } from '../support/tree.ts'
import { run } from './target.ts'

export interface NextRelease {
  /** A copy of the tree, with a chart that `helm upgrade` takes. */
  folder: string
  version: string
  /** Archives of its images. */
  images: string[]
}

/** The minor version after `version`. */
export const following = (version: string): string => {
  const [major, minor] = version.split('.').map(Number)
  return `${major}.${minor! + 1}.0`
}

/** `make release` in a copy of the tree. */
export async function release(folder: string, version: string): Promise<void> {
  const changelog = join(folder, 'CHANGELOG.md')
  // A release has something new, also on the day after one.
  writeFileSync(changelog, readFileSync(changelog, 'utf8').replace('\n## ', '\n## Next (unreleased)\n\n## '))
  await run(process.execPath, [join(folder, 'src/release/main.ts'), version])
}

/** @param folder where the copy is made */
export async function nextRelease(folder: string, version: string, { step }: Progress): Promise<NextRelease> {
  const next = following(version)
  step(`building ${next}, the release to upgrade to …`)
  workingCopy(folder)
  await release(folder, next)
  await run(process.execPath, [join(folder, 'src/bundle.ts')])
  await run(process.execPath, [join(folder, 'src/images/main.ts')])
  const images = join(folder, 'dist/images')
  return {
    folder,
    version: next,
    images: readdirSync(images)
      .filter(file => file.endsWith('.tar'))
      .map(file => join(images, file)),
  }
}
