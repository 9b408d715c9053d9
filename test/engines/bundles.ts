/** What is built together: a folder of this tree (its content is the key of the cache) and the commands that make it. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const KUBERNETES_VERSION = '1.36.3'
export const ETCD_VERSION = '3.6.8'
export const DAPR_VERSION = '1.18.3'
export const HELM_VERSION = '4.3.1'
export const KAFKA_VERSION = '4.3.1'
/** The interpreter inside Argo CD, which runs its health checks. */
export const GOPHER_LUA_VERSION = '1.1.1'
export const KUBE_SCORE_VERSION = '1.20.0'
export const KUBECONFORM_VERSION = '0.8.0'

export type BundleName = 'kubernetes' | 'dapr' | 'helm' | 'kafka' | 'lua' | 'kube-score' | 'kubeconform'

export interface Command {
  program: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
}

export interface Bundle {
  name: BundleName
  title: string
  /** The program that builds it. */
  needs: 'go' | 'mvn'
  /** Seconds a cold build takes on two cores; only shown. */
  seconds: number
  /** Where the result lies in the cache. */
  folder: string
  /** Run one after the other in the bundle's source folder; they write into `output`. */
  commands(output: string): Command[]
}

const cacheHome = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')

/** Outside the tree, so that a fresh clone finds what another one has built. */
export const cacheFolder = join(cacheHome, 'todo-event-platform', 'engines')
/** Where the scripts of ../shared/cluster keep what they have built. */
export const clusterFolder = join(cacheHome, 'single-node-cluster')

/** The sources of a bundle, whose hash is its key: another go.sum is another bundle. */
export const sourceFolder = (name: BundleName): string => join(import.meta.dirname, name)

function key(name: BundleName): string {
  const hash = createHash('sha256')
  const files = readdirSync(sourceFolder(name), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter(each => /(^|\/)(go\.(mod|sum)|[^/]+\.go|pom\.xml)$/.test(each)).sort())
    hash.update(file).update(readFileSync(join(sourceFolder(name), file)))
  return hash.digest('hex').slice(0, 12)
}

const folder = (name: BundleName): string => join(cacheFolder, `${name}-${key(name)}`)
/** `go build` of packages, the same bytes from the same sources. */
const goBuild = (ldflags: string, output: string, ...packages: string[]): Command => ({
  program: 'go',
  args: ['build', '-trimpath', '-buildvcs=false', '-ldflags', ldflags, '-o', output, ...packages],
  env: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
})

/** A program of one Go module, by its version: it needs no folder here. */
const installed = (name: BundleName, title: string, seconds: number, module: string): Bundle => ({
  name,
  title,
  needs: 'go',
  seconds,
  folder: join(cacheFolder, `${name}-${module.split('@v')[1]}`),
  commands: output => [
    {
      program: 'go',
      args: ['install', '-trimpath', '-ldflags', '-s -w', module],
      env: { CGO_ENABLED: '0', GOBIN: output },
    },
  ],
})

/** `version.Info` of Kubernetes is empty unless the linker fills it, and clients refuse a server without one. */
const kubernetesVersion = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap(path => [
  `-X ${path}.gitVersion=v${KUBERNETES_VERSION}`,
  `-X ${path}.gitMajor=${KUBERNETES_VERSION.split('.')[0]}`,
  `-X ${path}.gitMinor=${KUBERNETES_VERSION.split('.')[1]}`,
])

export const BUNDLES: readonly Bundle[] = [
  {
    name: 'kubernetes',
    title: `etcd ${ETCD_VERSION}, kube-apiserver, kube-controller-manager and kubectl ${KUBERNETES_VERSION}`,
    needs: 'go',
    seconds: 300,
    folder: folder('kubernetes'),
    commands: output => [goBuild(['-s', '-w', ...kubernetesVersion].join(' '), join(output, 'kubernetes'), '.')],
  },
  {
    name: 'dapr',
    title: `daprd and scheduler ${DAPR_VERSION}`,
    needs: 'go',
    seconds: 170,
    folder: folder('dapr'),
    commands: output => [
      goBuild(
        `-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=${DAPR_VERSION}`,
        `${output}/`,
        './daprd',
        'github.com/dapr/dapr/cmd/scheduler',
      ),
    ],
  },
  installed('helm', `Helm ${HELM_VERSION}`, 120, `helm.sh/helm/v4/cmd/helm@v${HELM_VERSION}`),
  installed(
    'lua',
    `gopher-lua ${GOPHER_LUA_VERSION}`,
    20,
    `github.com/yuin/gopher-lua/cmd/glua@v${GOPHER_LUA_VERSION}`,
  ),
  installed(
    'kube-score',
    `kube-score ${KUBE_SCORE_VERSION}`,
    120,
    `github.com/zegl/kube-score/cmd/kube-score@v${KUBE_SCORE_VERSION}`,
  ),
  installed(
    'kubeconform',
    `kubeconform ${KUBECONFORM_VERSION}`,
    30,
    `github.com/yannh/kubeconform/cmd/kubeconform@v${KUBECONFORM_VERSION}`,
  ),
  {
    name: 'kafka',
    title: `Apache Kafka ${KAFKA_VERSION}`,
    needs: 'mvn',
    seconds: 20,
    folder: folder('kafka'),
    commands: output => [
      {
        program: 'mvn',
        args: ['--batch-mode', '--quiet', 'dependency:copy-dependencies', `-DoutputDirectory=${join(output, 'libs')}`],
      },
    ],
  },
]
