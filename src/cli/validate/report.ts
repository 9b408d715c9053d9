import { RULES } from './check.ts'
import type { Finding } from './rule.ts'

/** https://docs.oasis-open.org/sarif/sarif/v2.1.0/: what code hosts show beside the lines. */
export const sarif = (findings: readonly Finding[], version: string): string =>
  JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'tep validate',
              version,
              rules: RULES.map(({ id, why, fix }) => ({
                id,
                shortDescription: { text: why },
                help: { text: fix },
              })),
            },
          },
          results: findings.map(({ rule, severity, message, why, fix, file, line, column }) => ({
            ruleId: rule,
            level: severity,
            message: { text: `${message}: ${why}. ${fix}` },
            locations: [
              {
                physicalLocation: { artifactLocation: { uri: file }, region: { startLine: line, startColumn: column } },
              },
            ],
          })),
        },
      ],
    },
    null,
    2,
  )

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions: annotations of a pull request. */
export const github = (findings: readonly Finding[]): string =>
  findings
    .map(
      ({ severity, file, line, column, rule, message, why, fix }) =>
        `::${severity} file=${property(file)},line=${line},col=${column},title=${property(rule)}::${data(`${message}: ${why}. ${fix}`)}`,
    )
    .join('\n')

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
