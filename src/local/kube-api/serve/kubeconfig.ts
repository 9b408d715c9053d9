/** The kubeconfig that leads kubectl and client-node to a served API. */

export interface KubeconfigOptions {
  url: string
  token: string
  namespace: string
  /** PEM; without it the server's certificate is not verified. */
  certificateAuthority?: string
}

/** YAML; `url` is https, because kubectl sends no token over plain HTTP. */
export function kubeconfig({ url, token, namespace, certificateAuthority }: KubeconfigOptions): string {
  const trust = certificateAuthority
    ? `certificate-authority-data: ${Buffer.from(certificateAuthority).toString('base64')}`
    : 'insecure-skip-tls-verify: true'
  const quote = JSON.stringify
  return `apiVersion: v1
kind: Config
clusters:
- name: embedded
  cluster:
    server: ${quote(url)}
    ${trust}
users:
- name: embedded
  user:
    token: ${quote(token)}
contexts:
- name: embedded
  context:
    cluster: embedded
    user: embedded
    namespace: ${quote(namespace)}
current-context: embedded
`
}
