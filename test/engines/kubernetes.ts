/** A control plane without nodes: etcd, kube-apiserver and, where wanted, controllers. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { kubeconfig } from '../../src/local/kube-api/index.ts'
import { freePorts } from './ports.ts'
import { answers, type RunningEngine, startEngine } from './process.ts'

export interface ControlPlaneOptions {
  folder: string
  /** Which controllers of kube-controller-manager run; none of them unless told. */
  controllers?: readonly string[]
  /** More arguments for kube-apiserver, an audit log for one. */
  apiServerArgs?: readonly string[]
}

export interface ControlPlane {
  readonly url: string
  /** Of a user in `system:masters`. */
  readonly token: string
  /** PEM that the server's certificate is verified with. */
  readonly certificateAuthority: string
  readonly kubeconfig: string
  readonly etcd: RunningEngine
  apiServer: RunningEngine
  /** etcd forgets what was before now, as it does every five minutes: what asks for older answers 410. */
  compact(): Promise<void>
  /** Ends the API server at once and starts it again over the same etcd. */
  restartApiServer(): Promise<void>
  stop(): Promise<void>
}

/** True when the server answers 2xx; any certificate will do, because it makes its own while it starts. */
function healthy(url: string, token: string): Promise<boolean> {
  return new Promise(resolve => {
    https
      .get(url, { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` } }, response => {
        response.resume()
        resolve(response.statusCode === 200)
      })
      .on('error', () => resolve(false))
  })
}

/** Starts one on free ports; about 4 s. Everything it writes is in `folder`. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { folder } = options
  mkdirSync(folder, { recursive: true })
  const [clientPort, peerPort, apiPort, controllersPort] = (await freePorts(4)) as [number, number, number, number]
  const token = randomBytes(16).toString('hex')
  const tokens = join(folder, 'tokens.csv')
  writeFileSync(tokens, `${token},admin,admin,"system:masters"\n`)
  const key = join(folder, 'service-accounts.key')
  if (!existsSync(key))
    writeFileSync(
      key,
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
    )
  const etcdUrl = `http://127.0.0.1:${clientPort}`
  const etcd = await startEngine('etcd', {
    folder,
    args: [
      ...['--name', 'one', '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
      ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
      ...['--listen-peer-urls', `http://127.0.0.1:${peerPort}`],
      ...['--initial-advertise-peer-urls', `http://127.0.0.1:${peerPort}`],
      ...['--initial-cluster', `one=http://127.0.0.1:${peerPort}`],
    ],
    ready: () => answers(`${etcdUrl}/health`),
  })
  const url = `https://127.0.0.1:${apiPort}`
  const certificates = join(folder, 'certificates')
  const startApiServer = () =>
    startEngine('kube-apiserver', {
      folder,
      args: [
        ...['--etcd-servers', etcdUrl, '--secure-port', String(apiPort), '--bind-address', '127.0.0.1'],
        ...['--cert-dir', certificates, '--token-auth-file', tokens, '--authorization-mode', 'RBAC'],
        ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', key],
        ...['--service-account-signing-key-file', key, '--service-cluster-ip-range', '10.0.0.0/24'],
        // Who has no token is nobody, as in the embedded server.
        '--anonymous-auth=false',
        // Without the controllers that make accounts no Pod could be created.
        ...['--disable-admission-plugins', 'ServiceAccount', '--allow-privileged'],
        ...(options.apiServerArgs ?? []),
      ],
      ready: () => healthy(`${url}/readyz`, token),
    })
  const apiServer = await startApiServer().catch(async error => {
    await etcd.stop()
    throw error
  })
  const certificateAuthority = readFileSync(join(certificates, 'apiserver.crt'), 'utf8')
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, kubeconfig({ url, token, namespace: 'default', certificateAuthority }))
  const plane: ControlPlane = {
    url,
    token,
    certificateAuthority,
    kubeconfig: file,
    etcd,
    apiServer,
    async compact() {
      const post = async (path: string, body: object) => {
        const response = await fetch(`${etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) })
        if (!response.ok) throw new Error(`etcd ${path}: ${await response.text()}`)
        return (await response.json()) as { header: { revision: string } }
      }
      const { header } = await post('/v3/kv/range', { key: Buffer.from('x').toString('base64') })
      await post('/v3/kv/compaction', { revision: header.revision, physical: true })
    },
    async restartApiServer() {
      await plane.apiServer.kill()
      plane.apiServer = await startApiServer()
    },
    async stop() {
      await controllers?.stop(3)
      // It waits up to a minute for open watches; it keeps nothing, so that it is cut short.
      await plane.apiServer.stop(1)
      await etcd.stop(5)
    },
  }
  let controllers: RunningEngine | undefined
  if (options.controllers)
    controllers = await startEngine('kube-controller-manager', {
      folder,
      args: [
        ...['--kubeconfig', file, '--service-account-private-key-file', key, '--leader-elect=false'],
        ...['--bind-address', '127.0.0.1', '--secure-port', String(controllersPort)],
        ...['--kube-api-qps', '300', '--kube-api-burst', '600', '--controllers', options.controllers.join(',')],
      ],
      ready: () => healthy(`https://127.0.0.1:${controllersPort}/healthz`, token),
    }).catch(async error => {
      await plane.stop()
      throw error
    })
  return plane
}
