import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The root of the repository, or of the package: the program runs from `dist/`, its tests from here. */
export const root = [join(import.meta.dirname, '..'), join(import.meta.dirname, '../..')].find(folder =>
  existsSync(join(folder, 'Chart.yaml')),
)!
