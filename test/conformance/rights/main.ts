/** `make conformance`, rights: what a kube-apiserver saw the controller ask for is what the chart grants, no more and no less. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { missingEngines } from '../../engines/find.ts'
import { compareRights } from './run.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } }, strict: false })
if (values.only && !String(values.only).split(',').includes('rights')) process.exit(0)
const missing = missingEngines(['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm'])
if (missing.length > 0) {
  console.error(
    `no ${missing.join(', ')} on this machine: nobody has watched what the controller asks for (make engines)`,
  )
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'rights-'))
try {
  const { requests, used, granted, missing, unused, failures } = await compareRights(folder)
  for (const right of missing) console.log(`missing: ${right}`)
  for (const right of unused) console.log(`unused: ${right}`)
  for (const failure of failures) console.log(`went wrong: ${failure}`)
  console.log(
    `rights: ${requests} requests in the audit log, ${used} rights used, ${granted} granted: ${unused.length} unused, ${missing.length} missing`,
  )
  process.exitCode = missing.length + unused.length + failures.length > 0 ? 1 : 0
} finally {
  if (process.env['KEEP']) console.log(`kept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
