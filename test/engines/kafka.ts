/** One Apache Kafka node, broker and controller at once, on plain TCP. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { engine } from './find.ts'
import { freePorts } from './ports.ts'
import { type RunningEngine, startEngine } from './process.ts'

export interface KafkaNode extends RunningEngine {
  /** `host:port` for clients. */
  readonly bootstrap: string
}

export interface KafkaOptions {
  folder: string
  /** More lines of server.properties, or others in place of the ones here. */
  properties?: Readonly<Record<string, string>>
}

const JAVA = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** Formats the folder where it is new, starts the node, and resolves when it answers a client; a few seconds. */
export async function startKafka({ folder, properties = {} }: KafkaOptions): Promise<KafkaNode> {
  mkdirSync(folder, { recursive: true })
  const [port, controllerPort] = (await freePorts(2)) as [number, number]
  const lines: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // A test that waits for its consumer group to form waits for nothing.
    'group.initial.rebalance.delay.ms': '0',
    ...properties,
  }
  const file = join(folder, 'server.properties')
  writeFileSync(
    file,
    Object.entries(lines)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const logging = join(folder, 'log4j2.properties')
  writeFileSync(
    logging,
    'rootLogger.level=WARN\nrootLogger.appenderRef.out.ref=out\nappender.out.type=Console\nappender.out.name=out\nappender.out.layout.type=PatternLayout\nappender.out.layout.pattern=%d %p %m%n\n',
  )
  const java = [...JAVA, `-Dlog4j2.configurationFile=${logging}`]
  const { command, prefix } = engine('kafka')
  if (!existsSync(join(folder, 'data', 'meta.properties')))
    execFileSync(
      command,
      [
        ...prefix,
        ...java,
        'kafka.tools.StorageTool',
        'format',
        '--cluster-id',
        // 16 bytes as unpadded base64url, as Kafka writes a Uuid.
        Buffer.from('todo-event-kafka').toString('base64url'),
        '--config',
        file,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
  const running = await startEngine('kafka', {
    folder,
    args: [...java, 'kafka.Kafka', file],
    ready: () => servesApiVersions(port),
  })
  return { ...running, bootstrap: `127.0.0.1:${port}` }
}

/** Sends ApiVersions (key 18, version 0), which any broker answers as soon as it serves clients. */
function servesApiVersions(port: number): Promise<boolean> {
  const body = Buffer.alloc(10)
  body.writeInt16BE(18, 0)
  body.writeInt32BE(7, 4)
  body.writeInt16BE(-1, 8)
  const request = Buffer.concat([Buffer.from([0, 0, 0, body.length]), body])
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const done = (served: boolean) => {
      socket.destroy()
      resolve(served)
    }
    socket.setTimeout(1_000, () => done(false))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
    // Length, correlation id, error code 0.
    socket.once('data', answer =>
      done(answer.length > 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0),
    )
  })
}
