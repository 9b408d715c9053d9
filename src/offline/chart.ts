import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Entry, tar } from '../images/tar.ts'

/** What `helm package` takes of this repository, .helmignore considered; a test compares the two. */
const FILES = ['Chart.yaml', 'values.yaml', 'values.schema.json', '{templates,crds,charts}/**/*']

/** The chart as an archive that Helm installs: the same bytes from the same files, which `helm package` does not promise. */
export function packChart(root: string, name: string): Buffer {
  const entries = FILES.flatMap(pattern => globSync(pattern, { cwd: root, withFileTypes: true }))
    .filter(file => file.isFile())
    .map((file): Entry => {
      const path = join(file.parentPath, file.name)
      return { path: join(name, path.slice(root.length + 1)), content: readFileSync(path) }
    })
  return gzipSync(tar(entries), { level: 9 })
}
