import type { Finding } from './diagnosis/finding.ts'
import type { Terminal } from './terminal.ts'

/** A finding for people: what, why, and the command that mends it. */
export const findingText = ({ rule, severity, object, message, fix }: Finding, { style }: Terminal): string =>
  [
    `${style(severity === 'error' ? 'red' : 'yellow', severity === 'error' ? '✗' : '!')} ${style('bold', object)}  [${rule}]`,
    `    ${message}`,
    `    ${style('cyan', `$ ${fix}`)}`,
  ].join('\n')
