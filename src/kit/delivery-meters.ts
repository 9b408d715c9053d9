import { Counter, Histogram, type Registry } from 'prom-client'

/** What a subscriber counts. */
export function deliveryMeters(registry: Registry) {
  const registers = [registry]
  const consumed = new Counter({
    name: 'events_consumed_total',
    help: 'Deliveries by what became of them.',
    labelNames: ['topic', 'type', 'outcome'],
    registers,
  })
  const legacy = new Counter({
    name: 'legacy_events_total',
    help: 'Events accepted in a shape of the seed documents.',
    labelNames: ['seed', 'shape'],
    registers,
  })
  const ambiguous = new Counter({
    name: 'legacy_priority_ambiguous_total',
    help: 'Integer priorities read by a guessed scale.',
    registers,
  })
  const duration = new Histogram({
    name: 'event_handling_seconds',
    help: 'Time from delivery to reply.',
    labelNames: ['topic'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
    registers,
  })
  return {
    consumed,
    duration,
    legacy: ({ seed, shape, ambiguousPriority }: { seed: string; shape: string; ambiguousPriority?: true }) => {
      legacy.inc({ seed, shape })
      if (ambiguousPriority) ambiguous.inc()
    },
  }
}
