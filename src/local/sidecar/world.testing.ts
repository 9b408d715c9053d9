/** One sidecar, one app and one log for each test of a file, and the words its tests use. */
import { openLog } from '../log/index.ts'
import { type Answer, type Place, startApp, startPlace, type TestApp } from './testing.ts'

export const CLOUD_EVENT = 'application/cloudevents+json'

/** Of the test that runs: what it started last. */
export let place: Place
export let app: TestApp

afterEach(() => place.close())

/** Without waiting for the sidecar to be well. */
export async function startUnwell(objects: object[], answer?: TestApp['answer'], options = {}): Promise<void> {
  app = await startApp(answer)
  place = await startPlace(objects, { app, ...options })
}

export async function start(objects: object[], answer?: TestApp['answer'], options = {}): Promise<void> {
  await startUnwell(objects, answer, options)
  await place.healthy()
}

/** As `start`, with a topic `dead` in the log. */
export function startDead(objects: object[], answer?: TestApp['answer']): Promise<void> {
  const log = openLog({ file: ':memory:' })
  log.cluster('default/todo').start()
  log.cluster('default/todo').createTopic({ name: 'dead' })
  return start(objects, answer, { log })
}

/** The subscription's part that names it. */
export const dlq = { deadLetterTopic: 'dead' }

/** The records of a topic, with their values as text. */
export function records(topic: string) {
  const cluster = place.log.cluster('default/todo')
  return cluster
    .watermarks(topic)
    .flatMap((_, partition) => cluster.read(topic, partition, 0, 1000))
    .map(record => ({ ...record, text: Buffer.from(record.value).toString() }))
}

/** Status, code and message of a refusal. */
export async function problemOf(answer: Response) {
  const { errorCode, message } = (await answer.json()) as { errorCode: string; message: string }
  return { status: answer.status, errorCode, message }
}

/** Answers events of the route `/events/t`, by the number of the attempt if a function is given. */
export function onEvent(answer: Answer | ((attempt: number) => Answer)): TestApp['answer'] {
  let attempts = 0
  return call => {
    if (call.path !== '/events/t') return undefined
    attempts += 1
    return typeof answer === 'function' ? answer(attempts) : answer
  }
}
