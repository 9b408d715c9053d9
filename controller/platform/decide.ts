import type { Cache } from '../kube/cache.ts'
import type { Random } from '../kube/random.ts'
import type { Desired } from './desired.ts'
import { type Effective, effectiveSpec } from './effective.ts'
import type { Refusal } from './errors.ts'
import type { Facts, OperatorSettings } from './facts.ts'
import { kafkaInForce } from './kafka-in-force.ts'
import { observeChildren, observeFacts } from './observe.ts'
import { plan, type Step } from './plan.ts'
import type { Platform } from './platform.ts'
import { type Skipped, withoutAbsent } from './presence.ts'
import { refuse } from './refuse.ts'
import { renderOnce } from './render/render-once.ts'
import { refuseTaken } from './taken.ts'
import { refuseVersion } from './versions.ts'

export interface Decision {
  /** The spec in force: with its defaults, without what is refused. */
  effective: Effective
  facts: Facts
  desired: Desired[]
  /** Kinds that are asked for and not there. */
  skipped: Skipped[]
  refused: Refusal[]
  /** What to write now, in order, and what waits. */
  steps: Step[]
}

export interface World {
  cache: Cache
  settings: OperatorSettings
  random: Random
}

/** observe → render → plan: everything a reconcile is about to do, before it does any of it. Writes nothing. */
export function decide({ cache, settings, random }: World, platform: Platform): Decision {
  const observed = observeChildren(cache, platform)
  const supported = refuseVersion(platform, effectiveSpec(platform, settings.version), settings.version)
  const inForce = kafkaInForce(platform, supported.effective, observed)
  const facts = observeFacts(cache, platform, inForce.effective, random)
  const { effective, refused } = refuse(platform, inForce.effective, facts)
  const rendered = refuseTaken(renderOnce({ platform, effective, facts, settings }), platform, cache)
  const { desired, skipped } = withoutAbsent(rendered.desired, facts.absentKinds)
  return {
    effective,
    facts,
    desired,
    skipped,
    refused: [...supported.refused, ...inForce.refused, ...refused, ...rendered.refused],
    steps: plan(desired, observed, { keepStateful: effective.deletionPolicy === 'Retain' }),
  }
}
