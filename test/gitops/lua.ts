/** Runs health checks of Argo CD in the Lua that Argo CD runs them in. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../engines/find.ts'

export interface Health {
  status: string
  message: string
}

/** A value as a Lua expression. Argo CD hands objects over as JSON: what is null is not there. */
export function luaOf(value: unknown): string {
  if (typeof value === 'string') return luaString(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`
  if (value === null || value === undefined) return 'nil'
  return `{${Object.entries(value)
    .map(([key, each]) => `[${luaString(key)}] = ${luaOf(each)}`)
    .join(', ')}}`
}

/** Decimal escapes of every byte that is not plain: no text can leave its quotes. */
const luaString = (text: string): string =>
  `"${[...Buffer.from(text)]
    .map(byte =>
      byte >= 32 && byte < 127 && byte !== 34 && byte !== 92
        ? String.fromCharCode(byte)
        : `\\${String(byte).padStart(3, '0')}`,
    )
    .join('')}"`

/** What each script says of each object, all in one process. @throws when a script fails, or returns no health */
export function healthOf(lua: Engine, cases: readonly { script: string; object: unknown }[]): Health[] {
  const folder = mkdtempSync(join(tmpdir(), 'health-'))
  try {
    const parts = cases.map(
      ({ script, object }) => `do
  local obj = ${luaOf(object)}
  local health = (function()
${script}
  end)()
  local function hex(text) return (string.gsub(text, ".", function(c) return string.format("%02x", string.byte(c)) end)) end
  print(hex(health.status) .. " " .. hex(health.message))
end`,
    )
    writeFileSync(join(folder, 'all.lua'), parts.join('\n'))
    const out = execFileSync(lua.command, [...lua.prefix, join(folder, 'all.lua')], { encoding: 'utf8' })
    const text = (hex = ''): string => Buffer.from(hex, 'hex').toString('utf8')
    return out
      .trimEnd()
      .split('\n')
      .map(line => {
        const [status, message] = line.split(' ')
        return { status: text(status), message: text(message) }
      })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
