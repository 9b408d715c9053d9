import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const folder = 'examples/gitops/argocd'

/** Path → text of the ConfigMap that gives Argo CD the health checks beside it, whose scripts are the source. */
export function argocdFiles(header: string): Record<string, string> {
  const scripts = globSync('resource_customizations/*/*/health.lua', { cwd: join(root, folder) }).sort()
  const entries = scripts.map(file => {
    const [, group, kind] = dirname(file).split('/')
    const text = readFileSync(join(root, folder, file), 'utf8').trimEnd()
    return `  resource.customizations.health.${group}_${kind}: |\n${text.replaceAll(/^(?=.)/gm, '    ')}\n`
  })
  // Argo CD reads only a ConfigMap with this label.
  const head = `# ${header}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n  labels:\n    app.kubernetes.io/part-of: argocd\ndata:\n`
  return { [`${folder}/health-checks.yaml`]: head + entries.join('') }
}
