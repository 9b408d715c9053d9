import type { Command } from 'commander'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { keyOf } from '../../controller/kube/objects.ts'
import { appAccess } from '../../controller/platform/access.ts'
import { type Effective, effectiveSpec } from '../../controller/platform/effective.ts'
import type { Refusal } from '../../controller/platform/errors.ts'
import type { Facts, OperatorSettings } from '../../controller/platform/facts.ts'
import { SECRETS } from '../../controller/platform/names.ts'
import { HASH_ANNOTATION, type Platform } from '../../controller/platform/platform.ts'
import { refuse } from '../../controller/platform/refuse.ts'
import { render as renderAll } from '../../controller/platform/render/index.ts'
import { EXIT, Exit } from './exit.ts'
import { platformIn, readManifests } from './manifest.ts'
import { type OperatorOptions, operatorSettings, withOperator } from './operator-settings.ts'
import { structured, withOutput, yamlOf } from './output.ts'
import { withFields } from './set-fields.ts'
import type { Terminal } from './terminal.ts'

interface RenderOptions extends OperatorOptions {
  file: string
  namespace?: string
  set: string[]
  output: 'yaml' | 'json'
}

/** `tep render -f cr.yaml`: every child as sorted YAML, the same bytes each time and everywhere; needs no cluster. */
export function render(program: Command, terminal: Terminal, version: string): void {
  const command = program
    .command('render')
    .description('Print every child of a TodoEventPlatform as it will be once all is up; needs no cluster.')
    .requiredOption('-f, --file <path>', 'manifest with the TodoEventPlatform')
    .option('-n, --namespace <name>', 'namespace, where the manifest names none', 'default')
    .option('--set <field=value>', 'a field set to another value (YAML); may be repeated', collected, [])
    .action((options: RenderOptions) => {
      const manifest = withFields(platformIn(readManifests(options.file), options.file), options.set)
      const metadata = { namespace: options.namespace, ...manifest.metadata }
      const platform = { ...manifest, metadata } as Platform
      const { objects, refused } = renderOffline(platform, operatorSettings(options))
      terminal.out(
        options.output === 'json' ? structured(objects, 'json') : objects.map(yamlOf).join('---\n').trimEnd(),
      )
      if (refused.length === 0) return
      for (const { code, field, message } of refused) terminal.err(`${code} ${field}: ${message}`)
      throw new Exit('TEP5016', EXIT.refused, 'what is refused was left out; correct the fields above')
    })
  withOutput(withOperator(command, version), ['yaml', 'json'])
  command.options.find(({ long }) => long === '--output')!.default('yaml')
}

const collected = (value: string, before: string[]): string[] => [...before, value]

/** What only the cluster knows stands as this. */
const UNKNOWN = '(known in the cluster)'

/**
 * The children as they are once every operator has done its work, sorted by kind, namespace and name. What differs from
 * cluster to cluster (hashes of secrets, owner's uid, values of Secrets) is left out. Pure.
 */
export function renderOffline(
  platform: Platform,
  settings: OperatorSettings,
): { objects: KubeObject[]; refused: Refusal[] } {
  const wanted = effectiveSpec(platform, settings.version)
  const facts = factsOnceUp(platform, wanted)
  const { effective, refused } = refuse(platform, wanted, facts)
  const objects = renderAll({ platform, effective, facts, settings }).map(({ object }) => withoutCluster(object))
  return { objects: objects.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)), refused }
}

function factsOnceUp({ metadata: { name } }: Platform, effective: Effective): Facts {
  const credential = { username: UNKNOWN, password: UNKNOWN }
  return {
    kafka: {
      bootstrapServers: UNKNOWN,
      caCert: UNKNOWN,
      credentials: Object.fromEntries(appAccess(effective).map(({ appId }) => [appId, credential])),
      topics: {},
      nodePools: {},
      movesReplicas: false,
      reports: [],
    },
    databaseDigest: UNKNOWN,
    absentKinds: [],
    scales: {},
    autoscalers: [],
    addresses: {},
    generated: {
      [SECRETS.daprTokens(name)]: { token: UNKNOWN },
      [SECRETS.auditKey(name)]: { 'jwk.json': UNKNOWN },
      [SECRETS.devIssuer(name)]: { 'jwk.json': UNKNOWN, 'users.json': UNKNOWN },
    },
  }
}

const CLUSTER_ANNOTATIONS = [HASH_ANNOTATION, 'todo.events/secrets-hash']

function withoutCluster(object: KubeObject): KubeObject {
  const { ownerReferences: _owner, annotations = {}, ...metadata } = object.metadata
  const kept = withoutHashes(annotations)
  const clean: KubeObject = {
    ...object,
    metadata: { ...metadata, ...(Object.keys(kept).length && { annotations: kept }) },
  }
  if (clean.kind === 'Secret' && clean['data'])
    clean['data'] = Object.fromEntries(Object.keys(clean['data']).map(key => [key, UNKNOWN]))
  const template = clean['spec']?.template
  if (template?.metadata?.annotations)
    clean['spec'] = {
      ...clean['spec'],
      template: {
        ...template,
        metadata: { ...template.metadata, annotations: withoutHashes(template.metadata.annotations) },
      },
    }
  return clean
}

const withoutHashes = (annotations: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => !CLUSTER_ANNOTATIONS.includes(name)))
