import { parentPort, workerData } from 'node:worker_threads'
import { runSchedule } from './schedule.ts'

// Simulated servers refuse things all the time, and nobody reads where in the code: a replay in the main thread tells.
Error.stackTraceLimit = 0

/** Runs the schedules it is given and posts each outcome. */
for (const name of workerData as string[]) parentPort!.postMessage(await runSchedule(name))
