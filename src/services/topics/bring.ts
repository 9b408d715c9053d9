import type { TopicsReport, TopicTrouble, WantedTopic } from '../../contracts/topics-job.ts'
import type { FoundTopic, TopicAdmin } from './admin.ts'

/** Managed: what is missing is made, what is too small grows. Assumed: both are only told. */
export type Mode = 'Managed' | 'Assumed'

/**
 * Brings topics to what is wanted, as far as Kafka can, and says where it cannot; one topic's trouble keeps no other from
 * its turn. Nothing is ever taken away: a topic with more partitions or other replicas is told under `live`.
 */
export async function bringTopics(
  admin: TopicAdmin,
  wanted: WantedTopic[],
  mode: Mode,
): Promise<Pick<TopicsReport, 'troubles' | 'live'>> {
  const found = await admin.describe(wanted.map(({ name }) => name))
  const troubles: TopicTrouble[] = []
  const live: TopicsReport['live'] = {}
  for (const topic of wanted) {
    const there = found.get(topic.name)
    if (there && differs(topic, there)) live[topic.name] = [there.partitions, there.replicas]
    try {
      const trouble = mode === 'Assumed' ? assume(topic, there) : await manage(admin, topic, there)
      if (trouble) troubles.push({ topic: topic.name, ...trouble })
    } catch (error) {
      troubles.push({ topic: topic.name, ...troubleOf(error) })
    }
  }
  return { troubles, live }
}

const differs = (topic: WantedTopic, there: FoundTopic): boolean =>
  there.partitions > topic.partitions || (topic.replicas !== undefined && there.replicas !== topic.replicas)

type Trouble = Omit<TopicTrouble, 'topic'>

function assume({ partitions }: WantedTopic, there: FoundTopic | undefined): Trouble | undefined {
  if (!there) return { reason: 'Missing', message: `create it with ${partitions} partitions, or set topics to Managed` }
  return there.partitions < partitions
    ? {
        reason: 'TooFewPartitions',
        message: `it has ${there.partitions} of ${partitions} partitions: add some, or set topics to Managed`,
      }
    : undefined
}

async function manage(admin: TopicAdmin, topic: WantedTopic, there: FoundTopic | undefined): Promise<undefined> {
  if (!there) return void (await admin.create(topic))
  if (there.partitions < topic.partitions) await admin.grow(topic.name, topic.partitions)
  const current = await admin.configOf(topic.name, Object.keys(topic.config))
  const changes = Object.entries(topic.config).filter(([option, value]) => current[option] !== value)
  if (changes.length > 0) await admin.configure(topic.name, Object.fromEntries(changes))
  return undefined
}

/** Kafka's `TOPIC_AUTHORIZATION_FAILED` and the like, as one word. */
export function troubleOf(error: unknown): Trouble {
  const { code, message } = error as { code?: string; message?: string }
  const word = (code ?? 'Failed')
    .toLowerCase()
    .replace(/(^|[^a-z0-9]+)([a-z0-9])/g, (_, _before, letter: string) => letter.toUpperCase())
  return { reason: word || 'Failed', message: message ?? String(error) }
}
