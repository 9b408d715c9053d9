/**
 * The Pod Security Standard `restricted` (with `baseline`, which it includes), as kube-apiserver's admission checks it:
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/ and k8s.io/pod-security-admission/policy.
 */
// The shape of a pod is what is under test.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Any = any

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]
const SELINUX_TYPES = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const SECCOMP = ['RuntimeDefault', 'Localhost']
const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
]

/** Every violation of `restricted` by a pod template; empty when a namespace that enforces it would take the pod. */
export function violations({ metadata = {}, spec }: { metadata?: Any; spec: Any }): string[] {
  const found: string[] = []
  const fail = (bad: unknown, what: string): void => {
    if (bad) found.push(what)
  }
  const pod = spec.securityContext ?? {}
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) fail(spec[field], field)
  for (const [key, value] of Object.entries(metadata.annotations ?? {}))
    fail(key.startsWith('container.apparmor.security') && value !== 'runtime/default', `annotation ${key}`)
  for (const { name } of pod.sysctls ?? []) fail(!SYSCTLS.includes(name), `sysctl ${name}`)
  for (const volume of spec.volumes ?? [])
    for (const type of Object.keys(volume)) fail(type !== 'name' && !VOLUMES.includes(type), `volume of type ${type}`)
  fail(pod.runAsUser === 0, 'the pod runs as root')
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]
  for (const container of all) {
    const own = container.securityContext ?? {}
    const is = (bad: unknown, what: string): void => fail(bad, `${container.name}: ${what}`)
    const effective = (field: string): Any => own[field] ?? pod[field]
    is(own.privileged, 'privileged')
    is(own.allowPrivilegeEscalation !== false, 'allowPrivilegeEscalation')
    is(effective('runAsNonRoot') !== true, 'runAsNonRoot')
    is(own.runAsUser === 0, 'runs as root')
    is(!SECCOMP.includes(effective('seccompProfile')?.type), 'seccompProfile')
    is(!own.capabilities?.drop?.includes('ALL'), 'capabilities are not dropped')
    is(
      (own.capabilities?.add ?? []).some((name: string) => name !== 'NET_BIND_SERVICE'),
      'capabilities are added',
    )
    is(![undefined, 'Default'].includes(own.procMount), 'procMount')
    is(effective('windowsOptions')?.hostProcess, 'hostProcess')
    const selinux = effective('seLinuxOptions') ?? {}
    is(!SELINUX_TYPES.includes(selinux.type) || selinux.user || selinux.role, 'seLinuxOptions')
    for (const port of container.ports ?? []) is(port.hostPort, 'hostPort')
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      is(container[probe]?.httpGet?.host ?? container[probe]?.tcpSocket?.host, `${probe} of another host`)
  }
  return found
}
