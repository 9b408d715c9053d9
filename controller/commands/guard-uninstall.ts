import { isKubeError } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { KINDS } from '../platform/platform.ts'
import { type CommandContext, CommandError } from './command.ts'
import { waitFor } from './patience.ts'

/**
 * Succeeds when no TodoEventPlatform lives in the namespaces served (all, when none is named): without their operator nobody
 * would take their finalizer away.
 * @param seconds how long to wait for them to go; 0: not at all
 * @param keep the command that keeps the operator instead: Helm takes a release whose uninstall was refused for one that is being
 * uninstalled, and upgrades it no more until it was rolled back
 * @throws CommandError TEP5301 that names the command which deletes each
 */
export async function guardUninstall(
  context: CommandContext,
  { namespaces, seconds, keep }: { namespaces: readonly string[]; seconds: number; keep?: string },
): Promise<void> {
  let told = ''
  const left = await waitFor(context.clock, seconds, async () => {
    const commands = (await living(context, namespaces)).map(
      ({ metadata }) => `kubectl delete tep ${metadata.name} --namespace ${metadata.namespace}`,
    )
    if (commands.length === 0) return undefined
    const text = commands.sort().join('\n')
    if (seconds > 0 && text !== told) context.say(`waiting for TodoEventPlatforms to go:\n${text}`)
    told = text
    return text
  })
  if (left)
    throw new CommandError(
      'TEP5301',
      `a TodoEventPlatform still lives, and without its operator nobody could finish its deletion. Run this, wait, and uninstall again:\n${left}${keep ? `\nOr keep the operator:\n${keep}` : ''}`,
    )
  context.say('no TodoEventPlatform lives: the operator may go')
}

/** Those that are being deleted live too: it is the operator who lets them go. */
async function living({ client }: CommandContext, namespaces: readonly string[]): Promise<KubeObject[]> {
  const lists = (namespaces.length > 0 ? namespaces : [undefined]).map(async namespace => {
    try {
      const list = await client.list(KINDS.platform, namespace, {}, AbortSignal.timeout(60_000))
      return (list as { items?: KubeObject[] }).items ?? []
    } catch (error) {
      // Without the CRD there is none.
      if (isKubeError(error, 'KindAbsent', 'NotFound')) return []
      throw error
    }
  })
  return (await Promise.all(lists)).flat()
}
