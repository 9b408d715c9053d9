import type { KubeObject } from '../../kube/objects.ts'
import { childLabels, type Desired, ownerReference, type Part, withHash } from '../desired.ts'
import type { Effective } from '../effective.ts'
import type { EffectiveService } from '../effective-service.ts'
import type { Facts, OperatorSettings } from '../facts.ts'
import { childName } from '../names.ts'
import type { Platform } from '../platform.ts'

export interface Context {
  platform: Platform
  effective: Effective
  facts: Facts
  settings: OperatorSettings
}

export interface Child {
  kind: { apiVersion: string; kind: string }
  name: string
  namespace?: string
  component: string
  part: Part
  stateful?: boolean
  waiting?: string | undefined
  labels?: Record<string, string>
  annotations?: Record<string, string>
  /** Everything of the object but address and metadata. */
  body: Record<string, unknown>
}

/** One child with the labels, owner and hash that all of them carry. */
export function child(
  { platform, effective }: Context,
  {
    kind,
    name,
    namespace = platform.metadata.namespace,
    component,
    part,
    stateful = false,
    waiting,
    labels,
    annotations,
    body,
  }: Child,
): Desired {
  const owned = !stateful && namespace === platform.metadata.namespace
  const object: KubeObject = {
    ...kind,
    metadata: {
      name,
      namespace,
      labels: { ...childLabels(platform, component, effective.version), ...labels },
      ...(annotations && { annotations }),
      ...(owned && { ownerReferences: ownerReference(platform)! }),
    },
    ...body,
  }
  return { part, stateful, ...(waiting && { waiting }), object: withHash(object) }
}

/** A child of one service, with its name: what scales, guards or leads to the pods is found by the name of their Deployment. */
export const childOf = (
  context: Context,
  { contract: { service } }: EffectiveService,
  given: Omit<Child, 'name' | 'component'>,
): Desired => child(context, { ...given, name: childName(context.platform.metadata.name, service), component: service })
