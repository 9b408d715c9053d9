import { writeFileSync } from 'node:fs'
import { encodeReport, type TopicsReport } from '../../contracts/topics-job.ts'
import { createLogger } from '../../kit/log.ts'
import type { Connection, TopicAdmin } from './admin.ts'
import { bringTopics, troubleOf } from './bring.ts'
import { readQuestion } from './environment.ts'
import { connectAdmin } from './kafka.ts'

/** Where the kubelet reads a container's last words. */
const LAST_WORDS = '/dev/termination-log'

export interface TopicsOptions {
  env: Readonly<Record<string, string | undefined>>
  connect?: (connection: Connection) => Promise<TopicAdmin>
  /** Takes the report. */
  say?: (text: string) => void
}

/**
 * Answers the operator's question once. Resolves with the exit code: 0 when every topic is as it should be or cannot be
 * changed, 1 when trying again may help.
 * @throws ConfigError TEP4205
 */
export async function bringTopicsOnce({
  env,
  connect = connectAdmin,
  say = text => writeFileSync(LAST_WORDS, text),
}: TopicsOptions): Promise<0 | 1> {
  const { connection, topics, mode, revision } = readQuestion(env)
  const log = createLogger('topics', env['LOG_LEVEL'] ?? 'info')
  let report: TopicsReport
  let admin: TopicAdmin | undefined
  try {
    admin = await connect(connection)
    report = { revision, ...(await bringTopics(admin, topics, mode)) }
  } catch (error) {
    const { reason, message } = troubleOf(error)
    report = { revision, failure: `${reason}: ${message}`, troubles: [], live: {} }
  }
  await admin?.close().catch((error: unknown) => log.warn({ err: String(error) }, 'the connection did not close'))
  log.info(report, report.failure ? 'Kafka cannot be asked' : 'topics were looked at')
  say(encodeReport(report))
  return report.failure || report.troubles.length > 0 ? 1 : 0
}
