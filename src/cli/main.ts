import { execute } from './program.ts'
import { processTerminal } from './terminal.ts'

process.exit(await execute(process.argv.slice(2), processTerminal()))
