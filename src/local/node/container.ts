import { type ChildProcess, spawn } from 'node:child_process'
import type { ContainerLogs } from './logs.ts'
import { type ProbeRunner, type ProbeTarget, runProbe } from './probes.ts'
import { type Container, type ContainerStatus, timestamp } from './types.ts'

export interface Launch {
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
}

export interface ContainerOptions {
  container: Container
  restartPolicy: 'Always' | 'OnFailure' | 'Never'
  /** Restarts before this process came to know the container. */
  restartCount: number
  logs: ContainerLogs
  target: ProbeTarget
  /** What to start; asked again before each start, so that a rotated secret is seen. Throws when the configuration is wrong. */
  launch(): Promise<Launch>
  onChange(): void
  onStarted?(pid: number): void
  onExited?(pid: number): void
}

const BACKOFF_BASE_MS = 200
const BACKOFF_CAP_MS = 10_000
/** A run of this length proves the container sound, and its next crash is a first one again. */
const SOUND_MS = 10_000

type State = 'waiting' | 'running' | 'terminated'

/** One container as a process: started, probed, restarted with backoff, stopped with grace. */
export class ContainerRun {
  readonly #options: ContainerOptions
  #state: State = 'waiting'
  #reason = 'ContainerCreating'
  #message = ''
  #process: ChildProcess | undefined
  #startedAt = ''
  #exit: Record<string, unknown> | undefined
  #lastExit: Record<string, unknown> | undefined
  #restarts: number
  #crashes = 0
  #started = false
  #ready = false
  #probes: ProbeRunner[] = []
  #timers = new Set<NodeJS.Timeout>()
  #stopping = false

  constructor(options: ContainerOptions) {
    this.#options = options
    this.#restarts = options.restartCount
  }

  get finished(): { exitCode: number } | undefined {
    return this.#state === 'terminated' && !this.#willRestart(Number(this.#exit?.['exitCode']))
      ? { exitCode: Number(this.#exit?.['exitCode']) }
      : undefined
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  status(): ContainerStatus {
    const { name, image } = this.#options.container
    const running = { running: { startedAt: this.#startedAt } }
    const waiting = { waiting: { reason: this.#reason, ...(this.#message && { message: this.#message }) } }
    return {
      name,
      image,
      imageID: image,
      ...(this.#process?.pid && { containerID: `process://${this.#process.pid}` }),
      ready: this.#ready,
      started: this.#started,
      restartCount: this.#restarts,
      state: this.#state === 'running' ? running : this.#state === 'terminated' ? { terminated: this.#exit! } : waiting,
      lastState: this.#lastExit ? { terminated: this.#lastExit } : {},
    }
  }

  async start(): Promise<void> {
    if (this.#stopping) return
    let launch: Launch
    try {
      launch = await this.#options.launch()
    } catch (error) {
      this.#set('waiting', 'CreateContainerConfigError', (error as Error).message)
      this.#later(1_000, () => void this.start())
      return
    }
    if (this.#stopping) return
    const log = this.#options.logs.begin(this.#options.container.name)
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    const beganAt = Date.now()
    child.stdout.on('data', chunk => log.write(chunk))
    child.stderr.on('data', chunk => log.write(chunk))
    let over = false
    const ended = (exitCode: number, signal: NodeJS.Signals | null, error?: Error): void => {
      if (over) return
      over = true
      if (error) log.write(`${error.message}\n`)
      log.end()
      if (child.pid) this.#options.onExited?.(child.pid)
      this.#ended(exitCode, signal, Date.now() - beganAt)
    }
    child.once('error', error => ended(127, null, error))
    child.once('close', (code, signal) => ended(code ?? 128 + signalNumber(signal), signal))
    if (!child.pid) return
    this.#options.onStarted?.(child.pid)
    this.#startedAt = timestamp()
    this.#set('running', '', '')
    this.#probe()
  }

  /** SIGTERM, and SIGKILL after the grace period. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopping = true
    this.#quiet()
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise<void>(resolve => child.once('close', () => resolve()))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1_000)
    await closed
    clearTimeout(timer)
  }

  #probe(): void {
    const { container, target } = this.#options
    const afterStartup = (): void => {
      this.#started = true
      if (container.livenessProbe) {
        this.#probes.push(
          runProbe(container.livenessProbe, target, healthy => {
            if (!healthy) this.#process?.kill('SIGTERM')
          }),
        )
      }
      if (container.readinessProbe) {
        this.#probes.push(
          runProbe(container.readinessProbe, target, healthy => {
            this.#ready = healthy
            this.#options.onChange()
          }),
        )
      } else {
        this.#ready = true
      }
      this.#options.onChange()
    }
    const startup = container.startupProbe
    if (!startup) {
      afterStartup()
      return
    }
    const deadline = this.#later(
      ((startup.failureThreshold ?? 3) * (startup.periodSeconds ?? 10) + (startup.initialDelaySeconds ?? 0)) * 1_000,
      () => this.#process?.kill('SIGTERM'),
    )
    const probe = runProbe(startup, target, healthy => {
      if (!healthy) return
      probe.stop()
      clearTimeout(deadline)
      afterStartup()
    })
    this.#probes.push(probe)
  }

  #willRestart(exitCode: number): boolean {
    const { restartPolicy } = this.#options
    return !this.#stopping && (restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0))
  }

  #ended(exitCode: number, signal: NodeJS.Signals | null, lastedMs: number): void {
    this.#quiet()
    this.#ready = false
    this.#started = false
    this.#process = undefined
    this.#exit = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      ...(signal && { signal: signalNumber(signal) }),
      startedAt: this.#startedAt,
      finishedAt: timestamp(),
    }
    if (!this.#willRestart(exitCode)) {
      this.#set('terminated', '', '')
      return
    }
    this.#lastExit = this.#exit
    this.#crashes = lastedMs > SOUND_MS ? 1 : this.#crashes + 1
    const delay = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (this.#crashes - 1))
    const { name } = this.#options.container
    this.#set('waiting', 'CrashLoopBackOff', `back-off ${delay} ms restarting failed container=${name}`)
    this.#later(delay, () => {
      this.#restarts += 1
      void this.start()
    })
  }

  #quiet(): void {
    for (const probe of this.#probes.splice(0)) probe.stop()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #later(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, ms)
    this.#timers.add(timer)
    return timer
  }

  #set(state: State, reason: string, message: string): void {
    this.#state = state
    this.#reason = reason
    this.#message = message
    this.#options.onChange()
  }
}

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
}
const signalNumber = (signal: NodeJS.Signals | null): number => (signal ? (SIGNALS[signal] ?? 1) : 0)
