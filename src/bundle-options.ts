import { join } from 'node:path'
import type { BuildOptions } from 'esbuild'

/** CommonJS packages inside an ES module bundle still call `require`. */
const banner = {
  js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
}

/** How a program for Node.js is put into one file. */
export const serverBundle: BuildOptions = {
  absWorkingDir: join(import.meta.dirname, '..'),
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
