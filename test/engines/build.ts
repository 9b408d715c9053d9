/** Builds a bundle into the cache; tells all the while how long it has been at it. */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Bundle, cacheFolder, sourceFolder } from './bundles.ts'
import { onPath } from './find.ts'

/** What has to be installed before the bundle can be built, as a sentence; `undefined` when nothing. */
export function missingTool(bundle: Bundle): string | undefined {
  if (bundle.needs === 'go' && !onPath('go'))
    return `no ${bundle.title} here, and no Go to build it with: install Go 1.26 or newer (https://go.dev/dl), or put the programs on PATH`
  if (bundle.needs === 'mvn' && !(onPath('mvn') && onPath('java')))
    return `no ${bundle.title} here, and no Maven to get it with: install Maven and Java 17 or newer, or put Kafka's bin folder on PATH`
  return undefined
}

const minutes = (seconds: number): string =>
  seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`

/** One line that is written over on a terminal, and one every half minute elsewhere. */
function progress(title: string, seconds: number): (how: string) => void {
  const start = performance.now()
  const tell = () => {
    const line = `building ${title}: ${minutes((performance.now() - start) / 1000)} of about ${minutes(seconds)}`
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  }
  tell()
  const timer = setInterval(tell, process.stderr.isTTY ? 1_000 : 30_000)
  return how => {
    clearInterval(timer)
    const took = minutes((performance.now() - start) / 1000)
    process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[K' : ''}${how} ${title} after ${took}\n`)
  }
}

/** Resolves when the bundle is in the cache; rejects with the last lines of the build's log. */
export async function build(bundle: Bundle): Promise<void> {
  const output = `${bundle.folder}.part-${process.pid}`
  const log = join(cacheFolder, `${bundle.name}.log`)
  mkdirSync(output, { recursive: true })
  const tell = progress(bundle.title, bundle.seconds)
  let how = 'could not build'
  try {
    for (const command of bundle.commands(output)) await run(command, cwdOf(bundle), log)
    rmSync(bundle.folder, { recursive: true, force: true })
    // Whole or not at all: a build that was interrupted leaves nothing that looks finished.
    renameSync(output, bundle.folder)
    how = 'built'
  } finally {
    tell(how)
    rmSync(output, { recursive: true, force: true })
  }
}

/** What is installed by its name and version has no folder here. */
const cwdOf = (bundle: Bundle): string =>
  existsSync(sourceFolder(bundle.name)) ? sourceFolder(bundle.name) : import.meta.dirname

function run(
  { program, args, env }: ReturnType<Bundle['commands']>[number],
  cwd: string,
  logFile: string,
): Promise<void> {
  const log = openSync(logFile, 'w')
  // `nice`: whoever waits goes on with other work on the same cores.
  const child = spawn('nice', [program, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      closeSync(log)
      if (code === 0) return resolve()
      const last = readFileSync(logFile, 'utf8').trim().split('\n').slice(-15).join('\n')
      reject(new Error(`${program} ${args[0]} ended with ${code} (all of it in ${logFile}):\n${last}`))
    })
  })
}
