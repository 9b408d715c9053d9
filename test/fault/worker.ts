import { parentPort } from 'node:worker_threads'
import { runSchedule } from './schedule.ts'

// Simulated servers refuse things all the time, and nobody reads where in the code: a replay in the main thread tells.
Error.stackTraceLimit = 0

/** Runs each schedule it is told and posts its outcome. */
parentPort!.on('message', async (name: string) => parentPort!.postMessage(await runSchedule(name)))
