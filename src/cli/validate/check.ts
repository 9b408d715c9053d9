import { CODE_RULES } from './code-rules.ts'
import { DAPR_RULES } from './dapr-rules.ts'
import { KAFKA_RULES } from './kafka-rules.ts'
import { PlatformCheck } from './platform-rule.ts'
import { projectFindings, type Source } from './project-rules.ts'
import type { Finding, Rule } from './rule.ts'
import { unitsOf } from './units.ts'

export const RULES: readonly Rule[] = [...KAFKA_RULES, ...DAPR_RULES, ...CODE_RULES]

/** Checks files together: each by the rules, platforms by their CRD, and all for one name of one thing. */
export async function check(files: readonly { file: string; text: string }[], version: string): Promise<Finding[]> {
  const sources: Source[] = files.map(({ file, text }) => ({ file, units: unitsOf(file, text) }))
  const platforms = await PlatformCheck.open(version)
  try {
    const found: Finding[] = projectFindings(sources)
    for (const { file, units } of sources)
      for (const unit of units) {
        if (unit.fault)
          found.push({
            file,
            rule: 'yaml',
            severity: 'error',
            line: unit.fault.line,
            column: 1,
            message: unit.fault.message,
            why: 'it is no YAML',
            fix: 'correct the line',
          })
        for (const { id, severity, why, fix, find } of RULES)
          found.push(...find(unit).map(match => ({ ...match, file, rule: id, severity, why, fix })))
        for (const manifest of unit.objects) found.push(...(await platforms.findings(manifest, file)))
      }
    return found.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.rule.localeCompare(b.rule))
  } finally {
    platforms.close()
  }
}
