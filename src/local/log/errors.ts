/** The names Kafka's own clients give these failures (package org.apache.kafka.common.errors). */
export type LogErrorName =
  | 'BrokerNotAvailableException'
  | 'GroupAuthorizationException'
  | 'IllegalGenerationException'
  | 'InvalidConfigurationException'
  | 'InvalidPartitionsException'
  | 'InvalidReplicationFactorException'
  | 'InvalidTopicException'
  | 'KafkaStorageException'
  | 'RecordTooLargeException'
  | 'SaslAuthenticationException'
  | 'TopicAuthorizationException'
  | 'TopicExistsException'
  | 'UnknownMemberIdException'
  | 'UnknownTopicOrPartitionException'

/** A refusal of the event log. `name` is Kafka's exception; callers branch on it, never on the message. */
export class LogError extends Error {
  override readonly name: LogErrorName
  constructor(name: LogErrorName, message: string) {
    super(message)
    this.name = name
  }
}

export const unknownTopic = (topic: string): LogError =>
  new LogError('UnknownTopicOrPartitionException', `This server does not host this topic-partition: ${topic}.`)

export const unknownPartition = (topic: string, partition: number): LogError => unknownTopic(`${topic}-${partition}`)
