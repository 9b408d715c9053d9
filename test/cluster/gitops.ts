/** The platform from a git repository by Argo CD: in waves, without a difference, healed, pruned, upgraded, removed. */
import type { Progress } from '../../src/cli/progress.ts'
import type { References } from './bring-up.ts'
import { healthChecks } from './gitops-health.ts'
import { STRATEGIES } from './gitops-repository.ts'
import { Round } from './gitops-round.ts'
import type { Target } from './target.ts'

interface Given {
  references: References
  version: string
  /** The release that the upgrade goes to; its images are in the cluster. */
  next: string
}

export async function gitops(target: Target, { references, version, next }: Given, tell: Progress): Promise<void> {
  tell.step('installing Argo CD (about 7 minutes the first time) …')
  const argo = await target.installArgoCd()
  if (typeof argo === 'string') return tell.step(`skipped: GitOps: ${argo}`)
  const round = new Round(target.kubeconfig, argo, tell)
  await round.clear()
  await round.begin(await round.surroundings(references, version))
  await round.waves()
  await healthChecks(round)
  for (const strategy of STRATEGIES) await round.noDifference(strategy)
  await round.heals()
  await round.prunes()
  await round.upgrades(next)
  await round.removes()
}
