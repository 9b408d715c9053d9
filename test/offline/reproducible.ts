/** `make reproducible`: the images built in two folders from the same sources have the same bytes. Exit code 1 when not. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/laptop.ts'
import { workingCopy } from '../support/tree.ts'

/** Of the sources, which a copy that is no clone cannot ask git for. */
const epoch = execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim()

/** Every file of a build by its name: archives, digests, bills of materials. */
function build(name: string): Map<string, Buffer> {
  // Not of the same length, so that a path inside is no accident of its place either.
  const folder = join(root, 'dist/reproducible', name)
  workingCopy(folder)
  for (const program of ['src/bundle.ts', 'src/images/main.ts'])
    execFileSync(process.execPath, [join(folder, program)], {
      cwd: folder,
      env: { ...process.env, SOURCE_DATE_EPOCH: epoch },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  const images = join(folder, 'dist/images')
  return new Map(readdirSync(images).map(file => [file, readFileSync(join(images, file))]))
}

const [one, other] = [build('a'), build('another')]
const differing = [...new Set([...one.keys(), ...other.keys()])].filter(
  // The provenance tells of the build, not of what was built.
  file => file !== 'provenance.json' && !one.get(file)?.equals(other.get(file) ?? Buffer.alloc(0)),
)
process.stdout.write(one.get('digests.txt')!.toString())
for (const file of differing) console.error(`differs: ${file}`)
console.log(`${one.size} files of two builds: ${differing.length} differ`)
process.exit(differing.length > 0 ? 1 : 0)
