import { parentPort, workerData } from 'node:worker_threads'
import { runSchedule, scheduleName } from './schedule.ts'

/** Runs every n-th schedule and posts each outcome. */
const { first, step, schedules } = workerData as { first: number; step: number; schedules: number }
for (let index = first; index < schedules; index += step)
  parentPort!.postMessage(await runSchedule(scheduleName(index)))
