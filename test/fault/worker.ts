import { parentPort, workerData } from 'node:worker_threads'
import { runSchedule } from './schedule.ts'

/** Runs the schedules it is given and posts each outcome. */
for (const name of workerData as string[]) parentPort!.postMessage(await runSchedule(name))
