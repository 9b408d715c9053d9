import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { processRegister, startedAt } from '../local/processes.ts'
import { type Format, structured, withOutput } from './output.ts'
import { DEFAULT_FOLDER, runningProcess } from './running.ts'
import type { Terminal } from './terminal.ts'

/** `tep down`: stops what `tep up` started in a folder; data stay unless `--purge`. */
export function down(program: Command, terminal: Terminal): void {
  const command = program
    .command('down')
    .description('Stop the platform of this folder; its data stay.')
    .option('--folder <path>', 'where it is kept', DEFAULT_FOLDER)
    .option('--purge', 'forget all data too', process.env['PURGE'] === '1')
    .action(async ({ folder: given, purge, output }: { folder: string; purge: boolean; output: Format }) => {
      const say = (text: string): void => {
        if (output === 'text') terminal.out(text)
      }
      const folder = resolve(given)
      const pid = runningProcess(folder)
      if (pid !== undefined) {
        const started = startedAt(pid)
        process.kill(pid, 'SIGTERM')
        say(`stopping process ${pid} …`)
        // The folder is released a moment before the process ends: it is the process that has to be gone.
        for (let waited = 0; startedAt(pid) === started; waited += 50) {
          if (waited > 60_000) {
            say('it does not stop; killing it')
            process.kill(pid, 'SIGKILL')
          }
          await new Promise(done => setTimeout(done, 50))
        }
      } else {
        say('nothing runs here')
      }
      await processRegister(join(folder, 'processes')).endLeftOvers()
      if (purge) rmSync(folder, { recursive: true, force: true })
      say(purge ? `stopped; ${given} is forgotten` : 'stopped; "make up" finds all data again')
      if (output !== 'text') terminal.out(structured({ folder, stopped: pid ?? null, purged: purge }, output))
    })
  withOutput(command)
}
