/** One sidecar, one app and one log for a test file, and the words its tests use. */
import { openLog } from '../log/index.ts'
import { type Answer, type Place, startApp, startPlace, type TestApp } from './testing.ts'

export const CLOUD_EVENT = 'application/cloudevents+json'

export interface World {
  place: Place
  app: TestApp
}

export async function startWorld(objects: object[], answer?: TestApp['answer'], options = {}): Promise<World> {
  const app = await startApp(answer)
  const place = await startPlace(objects, { app, ...options })
  await place.healthy()
  return { app, place }
}

/** A world whose log also has the topic `dead`. */
export function startWithDead(objects: object[], answer?: TestApp['answer']): Promise<World> {
  const log = openLog({ file: ':memory:' })
  log.cluster('default/todo').start()
  log.cluster('default/todo').createTopic({ name: 'dead' })
  return startWorld(objects, answer, { log })
}

/** The subscription's part that names it. */
export const dlq = { deadLetterTopic: 'dead' }

/** The records of a topic, with their values as text. */
export function recordsOf({ place }: World, topic: string) {
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
