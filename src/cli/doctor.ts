import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type ApiOptions, withApi } from './api.ts'
import { type ClusterOptions, openCluster, reading, withCluster } from './cluster.ts'
import { bundleOf } from './diagnosis/bundle.ts'
import { diagnose } from './diagnosis/diagnose.ts'
import { type Observation, observe } from './diagnosis/observe.ts'
import { EXIT, Exit } from './exit.ts'
import { findingText } from './findings-text.ts'
import { type Format, structured, withOutput, yamlOf } from './output.ts'
import { flowOf } from './status.ts'
import type { Terminal } from './terminal.ts'

interface DoctorOptions extends ClusterOptions, ApiOptions {
  bundle?: string | true
  output: Format
}

/** `tep doctor`: everything that can be seen to be wrong, each with the command that mends it; `--bundle` keeps what was seen. */
export function doctor(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description(
      'Look for faults of cluster, operators, platform and events, with the command that mends each (exit 1: found).',
    )
    .option('--bundle [folder]', 'write what was seen to a folder, for a report; no value of any Secret is in it')
    .action(async (options: DoctorOptions) => {
      const { client, namespace, server } = openCluster(options, terminal)
      const flow = await flowOf(options, terminal)
      const seen = await reading(observe(client, namespace))
      const observation: Observation = typeof flow === 'string' ? seen : { ...seen, flow }
      const findings = diagnose(observation)
      terminal.out(
        options.output === 'text'
          ? [
              ...findings.map(each => findingText(each, terminal)),
              findings.length === 0
                ? `namespace ${namespace} of ${server}: no fault found`
                : `${findings.length} found`,
            ].join('\n')
          : structured(findings, options.output),
      )
      if (typeof flow === 'string') terminal.err(`events were not looked at: ${flow}`)
      for (const unseen of observation.unseen) terminal.err(`not looked at: ${unseen}`)
      if (options.bundle)
        write(options.bundle === true ? 'tep-bundle' : options.bundle, observation, findings, terminal)
      if (findings.some(({ severity }) => severity === 'error')) terminal.exitCode = EXIT.found
    })
  withOutput(withApi(withCluster(command)))
}

/** @throws Exit TEP5003 when the folder cannot be written */
function write(folder: string, observation: Observation, findings: object[], terminal: Terminal): void {
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, value] of Object.entries({ ...bundleOf(observation), 'findings.yaml': findings }))
      writeFileSync(join(folder, name), yamlOf(value))
  } catch (error) {
    throw new Exit('TEP5003', EXIT.notWritable, `cannot write to ${folder}: ${(error as Error).message}`)
  }
  terminal.err(`what was seen is in ${folder}; look through it before you send it`)
}
