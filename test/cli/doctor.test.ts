/** Faults put one by one into what is seen of a platform that is well; each is found, with the command that mends it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { diagnose } from '../../src/cli/diagnosis/diagnose.ts'
import { type Observation, observe } from '../../src/cli/diagnosis/observe.ts'
import { PlatformWorld } from '../support/platform-world.ts'
import { platformOf } from '../support/platforms.ts'
import { served, tep } from '../support/tep.ts'

const OPERATOR = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'todo-event-platform',
    namespace: 'todo-system',
    labels: { 'app.kubernetes.io/name': 'todo-event-platform', 'app.kubernetes.io/component': 'controller' },
  },
  spec: { replicas: 1 },
  status: { availableReplicas: 1 },
}
const operator = (name: string, namespace: string): KubeObject => ({
  ...OPERATOR,
  metadata: { name, namespace },
})

let world: PlatformWorld
let well: Observation

beforeAll(async () => {
  world = await PlatformWorld.open('todo', 'todo-system')
  const { apiVersion, kind, metadata, spec } = platformOf({
    ingress: { host: 'todo.example.com', className: 'nginx', tlsSecretName: 'todo-tls' },
    notifications: { smtpSecretRef: { name: 'smtp' } },
  })
  const people = world.api.clientFor('people')
  await people.create({ apiVersion, kind, metadata: { name: metadata.name, namespace: 'todo' }, spec } as never)
  const secret = (name: string, data: Record<string, string>) =>
    people.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'todo' }, data } as never)
  await secret('todo-tls', { 'tls.crt': 'eA==', 'tls.key': 'eA==' })
  await secret('smtp', { url: 'eA==', from: 'eA==' })
  await world.settle()
  const seen = await observe(world.client, 'todo')
  const nginx: KubeObject = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'nginx' } }
  well = {
    ...seen,
    // By JSON text: a fault must touch nothing but its own copy.
    objects: [...(JSON.parse(JSON.stringify(seen.objects)) as KubeObject[]), nginx],
    operators: [
      OPERATOR,
      operator('strimzi-cluster-operator', 'strimzi'),
      operator('dapr-sidecar-injector', 'dapr-system'),
    ],
  }
})
afterAll(() => world.api.close())

type Fault = [name: string, rule: string, fix: RegExp, inject: (seen: Observation) => unknown]

const one = (seen: Observation, kind: string, name?: string): KubeObject =>
  seen.objects.find(each => each.kind === kind && (!name || each.metadata.name === name))!
const gone = (seen: Observation, kind: string, name?: string): void => {
  const index = seen.objects.findIndex(each => each.kind === kind && (!name || each.metadata.name === name))
  seen.objects.splice(index, 1)
}
const platform = (seen: Observation): KubeObject => seen.platforms[0]!
const condition = (object: KubeObject, type: string, status: string, reason: string, message = ''): void => {
  object['status'] ??= {}
  object['status'].conditions = [
    ...(object['status'].conditions ?? []).filter((each: { type: string }) => each.type !== type),
    { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]
}
const add = (seen: Observation, kind: string, more: object, apiVersion = 'v1'): void =>
  void seen.objects.push({ apiVersion, kind, metadata: { name: 'added', namespace: 'todo' }, ...more })
const pod = (seen: Observation, status: object, metadata: object = {}, containers = ['backend', 'daprd']): void =>
  add(seen, 'Pod', {
    metadata: {
      name: 'todo-backend-1',
      namespace: 'todo',
      labels: { 'app.kubernetes.io/component': 'backend' },
      annotations: { 'dapr.io/enabled': 'true' },
      ...metadata,
    },
    spec: { containers: containers.map(name => ({ name })) },
    status,
  })
const waiting = (seen: Observation, name: string, reason: string, message = ''): void =>
  pod(seen, { containerStatuses: [{ name, state: { waiting: { reason, message } } }] })
const external = (seen: Observation, more: object): void => {
  platform(seen)['spec'].kafka = { external: { bootstrapServers: ['a:9092'], ...more } }
}

const FAULTS: Fault[] = [
  [
    'the CRD is not there',
    'crd-absent',
    /^kubectl apply --server-side -f crds\/todo\.events_/,
    seen => seen.absent.push('TodoEventPlatform.todo.events'),
  ],
  ['no operator', 'operator-absent', /^helm install todo \. --namespace todo/, seen => seen.operators.shift()],
  [
    'the operator is scaled to 0',
    'operator-scaled-to-zero',
    /^kubectl scale -n todo-system deployment\/todo-event-platform --replicas=1$/,
    seen => (seen.operators[0]!['spec'].replicas = 0),
  ],
  [
    'the operator does not start',
    'operator-down',
    /^kubectl logs -n todo-system deployment\/todo-event-platform/,
    seen => (seen.operators[0]!['status'] = {}),
  ],
  [
    'Strimzi’s operator is down',
    'operator-down',
    /rollout restart -n strimzi deployment\/strimzi-cluster-operator$/,
    seen => (seen.operators[1]!['status'] = {}),
  ],
  [
    'Dapr’s injector is scaled to 0',
    'operator-scaled-to-zero',
    /^kubectl scale -n dapr-system deployment\/dapr-sidecar-injector/,
    seen => (seen.operators[2]!['spec'].replicas = 0),
  ],
  [
    'Dapr is not installed',
    'dapr-absent',
    /^helm upgrade --install dapr /,
    seen => seen.absent.push('Component.dapr.io'),
  ],
  [
    'Strimzi is not installed',
    'strimzi-absent',
    /strimzi-kafka-operator/,
    seen => seen.absent.push('Kafka.kafka.strimzi.io'),
  ],
  [
    'CloudNativePG is not installed',
    'cnpg-absent',
    /^helm upgrade --install cnpg /,
    seen => seen.absent.push('Cluster.postgresql.cnpg.io'),
  ],
  [
    'the namespace is being deleted',
    'namespace-terminating',
    /^kubectl get namespace todo/,
    seen => (one(seen, 'Namespace', 'todo').metadata.deletionTimestamp = 'now'),
  ],
  [
    'a node is not ready',
    'node-not-ready',
    /^kubectl describe node\/added$/,
    seen =>
      add(seen, 'Node', {
        metadata: { name: 'added' },
        status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
      }),
  ],
  [
    'no platform',
    'platform-absent',
    /^kubectl apply -n todo -f examples\/platform\.yaml$/,
    seen => seen.platforms.splice(0),
  ],
  [
    'a second platform',
    'platform-second',
    /^kubectl delete -n todo tep\/todo$/,
    seen => condition(platform(seen), 'Ready', 'False', 'Conflict'),
  ],
  [
    'suspended',
    'platform-suspended',
    /^kubectl patch -n todo tep\/todo --type merge -p '{"spec":{"suspend":false}}'$/,
    seen => (platform(seen)['spec'].suspend = true),
  ],
  [
    'a version the operator cannot run',
    'version-unsupported',
    /"op":"remove","path":"\/spec\/version"/,
    seen => condition(platform(seen), 'VersionSupported', 'False', 'Unsupported'),
  ],
  [
    'a spec the operator refuses',
    'spec-refused',
    /^tep explain TEP-SPEC-TOPIC-PARTITIONS && kubectl edit -n todo tep\/todo$/,
    seen =>
      condition(platform(seen), 'Ready', 'False', 'SpecRefused', 'TEP-SPEC-TOPIC-PARTITIONS spec.topics[0]: fewer'),
  ],
  [
    'the operator has not seen the newest spec',
    'platform-not-seen',
    /^kubectl annotate -n todo tep\/todo todo\.events\/reconcile-requested-at=/,
    seen => {
      platform(seen).metadata.generation = 9
      condition(platform(seen), 'Ready', 'True', 'Ready')
      for (const each of platform(seen)['status'].conditions) each.lastTransitionTime = '2020-01-01T00:00:00Z'
    },
  ],
  [
    'two managers fight over a field',
    'field-conflict',
    /^kubectl get -n todo deployment\/todo-web -o yaml --show-managed-fields$/,
    seen =>
      condition(
        platform(seen),
        'FieldConflict',
        'True',
        'FoughtOver',
        'Deployment todo-web: spec.replicas is kept different by x',
      ),
  ],
  [
    'autoscaling without KEDA',
    'children-skipped',
    /^helm upgrade --install keda /,
    seen => condition(platform(seen), 'ChildrenSkipped', 'True', 'KindAbsent', 'ScaledObject: install KEDA'),
  ],
  [
    'the operator lacks a right',
    'write-failed',
    /^helm upgrade todo \. --namespace todo --reuse-values$/,
    seen =>
      platform(seen)['status'].components.push({
        kind: 'Secret',
        name: 'x',
        ready: false,
        reason: 'WriteFailed',
        message: 'is forbidden',
      }),
  ],
  ['a child is gone', 'child-missing', /reconcile-requested-at/, seen => gone(seen, 'Deployment', 'todo-web')],
  [
    'the database’s Secret is not there',
    'secret-missing',
    /^kubectl create secret generic db -n todo --from-literal=uri=postgres:/,
    seen => (platform(seen)['spec'].database = { secretRef: { name: 'db', key: 'uri' } }),
  ],
  [
    'the database’s Secret lacks the key',
    'secret-key',
    /--from-literal=address=postgres:.*kubectl apply -f -$/,
    seen => {
      platform(seen)['spec'].database = { secretRef: { name: 'smtp', key: 'address' } }
    },
  ],
  [
    'the database’s URI is none',
    'database-uri',
    /^kubectl create secret generic smtp -n todo --from-literal=url=postgres:/,
    seen => (platform(seen)['spec'].database = { secretRef: { name: 'smtp', key: 'url' } }),
  ],
  [
    'the password of Kafka is not there',
    'secret-missing',
    /^kubectl create secret generic kafka -n todo --from-file=password=FILE$/,
    seen =>
      external(seen, { authentication: { type: 'PLAIN', passwordSecretRef: { name: 'kafka', key: 'password' } } }),
  ],
  [
    'the CA of Kafka is no PEM',
    'ca-no-pem',
    /--from-file=url=ca\.crt/,
    seen => external(seen, { tls: { caSecretRef: { name: 'smtp', key: 'url' } } }),
  ],
  [
    'the certificate of the Ingress is not there',
    'secret-missing',
    /^kubectl create secret tls todo-tls -n todo --cert=tls\.crt --key=tls\.key$/,
    seen => gone(seen, 'Secret', 'todo-tls'),
  ],
  [
    'the pull secret is not there',
    'secret-missing',
    /^kubectl create secret docker-registry pull -n todo/,
    seen => (platform(seen)['spec'].podTemplate = { imagePullSecrets: [{ name: 'pull' }] }),
  ],
  [
    'an image that is not there',
    'image-pull',
    /^make images && kind load image-archive/,
    seen => waiting(seen, 'backend', 'ImagePullBackOff', 'not found'),
  ],
  [
    'a registry that wants a password',
    'image-pull',
    /docker-registry.*imagePullSecrets/,
    seen => waiting(seen, 'backend', 'ErrImagePull', '401 Unauthorized'),
  ],
  [
    'a container that crashes',
    'container-crash',
    /^kubectl logs -n todo pod\/todo-backend-1 -c backend --previous/,
    seen => waiting(seen, 'backend', 'CrashLoopBackOff'),
  ],
  [
    'a sidecar that crashes',
    'sidecar-crash',
    /-c daprd --previous/,
    seen => waiting(seen, 'daprd', 'CrashLoopBackOff'),
  ],
  [
    'a pod whose Secret is missing',
    'container-config',
    /^kubectl get -n todo secret,configmap/,
    seen => waiting(seen, 'backend', 'CreateContainerConfigError', 'secret "x" not found'),
  ],
  [
    'out of memory',
    'container-out-of-memory',
    /"services":{"backend":{"resources":{"limits":{"memory"/,
    seen => pod(seen, { containerStatuses: [{ name: 'backend', lastState: { terminated: { reason: 'OOMKilled' } } }] }),
  ],
  [
    'no node with room',
    'pod-unschedulable',
    /^kubectl patch -n todo tep\/todo .*"requests"/,
    seen =>
      pod(seen, { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: Insufficient cpu' }] }),
  ],
  [
    'a selector that no node has',
    'pod-unschedulable',
    /spec\.podTemplate/,
    seen =>
      pod(seen, {
        conditions: [
          { type: 'PodScheduled', status: 'False', message: "node(s) didn't match Pod's node affinity/selector" },
        ],
      }),
  ],
  [
    'no sidecar',
    'sidecar-missing',
    /dapr-sidecar-injector && kubectl delete -n todo pod\/todo-backend-1$/,
    seen => pod(seen, {}, {}, ['backend']),
  ],
  [
    'an evicted pod',
    'pod-failed',
    /^kubectl delete -n todo pod\/todo-backend-1$/,
    seen => pod(seen, { phase: 'Failed', reason: 'Evicted' }),
  ],
  [
    'a quota that is used up',
    'quota-exceeded',
    /^kubectl edit resourcequota -n todo$/,
    seen => condition(one(seen, 'Deployment'), 'ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota: small'),
  ],
  [
    'Pod Security forbids the sidecar',
    'pod-security',
    /sidecarDropALLCapabilities=true/,
    seen =>
      condition(one(seen, 'Deployment'), 'ReplicaFailure', 'True', 'FailedCreate', 'violates PodSecurity "restricted"'),
  ],
  [
    'a rollout that does not end',
    'rollout-stuck',
    /^kubectl rollout status -n todo deployment\//,
    seen => condition(one(seen, 'Deployment'), 'Progressing', 'False', 'ProgressDeadlineExceeded'),
  ],
  [
    'Strimzi is told to leave Kafka alone',
    'strimzi-paused',
    /^kubectl annotate -n todo kafka\.kafka\.strimzi\.io\/todo strimzi\.io\/pause-reconciliation-$/,
    seen => (one(seen, 'Kafka').metadata.annotations = { 'strimzi.io/pause-reconciliation': 'true' }),
  ],
  [
    'a Kafka version Strimzi does not know',
    'kafka-version',
    /"path":"\/spec\/kafka\/version"/,
    seen => condition(one(seen, 'Kafka'), 'NotReady', 'True', 'UnsupportedKafkaVersionException'),
  ],
  [
    'a Kafka without nodes',
    'kafka-no-nodes',
    /^kubectl get kafkanodepool -n todo/,
    seen => condition(one(seen, 'Kafka'), 'NotReady', 'True', 'InvalidResourceException', 'No KafkaNodePools found'),
  ],
  [
    'the Kafka that is leant on is not there',
    'kafka-absent',
    /^kubectl get kafka -A/,
    seen => (platform(seen)['spec'].kafka = { strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } } }),
  ],
  [
    'more copies than brokers',
    'topic-not-ready',
    /"spec":{"replicas":1}/,
    seen => condition(one(seen, 'KafkaTopic'), 'Ready', 'False', 'KafkaError', 'replication factor 3 larger than 1'),
  ],
  [
    'a user without its Secret',
    'user-secret-missing',
    /^kubectl rollout restart -n todo deployment\/todo-entity-operator$/,
    seen => gone(seen, 'Secret', one(seen, 'KafkaUser')['status'].secret),
  ],
  [
    'no default StorageClass',
    'storage-class-default',
    /^kubectl patch storageclass fast /,
    seen => {
      condition(platform(seen), 'Ready', 'False', 'KafkaNotReady')
      add(seen, 'StorageClass', { metadata: { name: 'fast' } })
      add(seen, 'PersistentVolumeClaim', { spec: {}, status: { phase: 'Pending' } })
    },
  ],
  [
    'a StorageClass that is not there',
    'storage-class-absent',
    /^kubectl get storageclass/,
    seen => {
      condition(platform(seen), 'Ready', 'False', 'KafkaNotReady')
      add(seen, 'PersistentVolumeClaim', { spec: { storageClassName: 'gold' }, status: { phase: 'Pending' } })
    },
  ],
  [
    'a database that is not ready',
    'database-not-ready',
    /^kubectl describe -n todo cluster\.postgresql\.cnpg\.io\/todo-db$/,
    seen => condition(one(seen, 'Cluster'), 'Ready', 'False', 'X'),
  ],
  [
    'a full disk of the database',
    'database-disk-full',
    /"storage":{"size"/,
    seen => (one(seen, 'Cluster')['status'].phase = 'Not enough disk space'),
  ],
  [
    'migrations that failed',
    'job-failed',
    /^kubectl logs -n todo job\/todo-migrate.*kubectl delete -n todo job/,
    seen => condition(one(seen, 'Job'), 'Failed', 'True', 'BackoffLimitExceeded'),
  ],
  [
    'a component of somebody’s without its Secret',
    'component-secret',
    /^kubectl create secret generic none -n todo --from-file=k=FILE/,
    seen =>
      add(
        seen,
        'Component',
        { spec: { type: 'state.redis', metadata: [{ name: 'a', secretKeyRef: { name: 'none', key: 'k' } }] } },
        'dapr.io/v1alpha1',
      ),
  ],
  [
    'a pubsub that every app loads',
    'component-foreign',
    /"scopes"/,
    seen => add(seen, 'Component', { spec: { type: 'pubsub.kafka', metadata: [] } }, 'dapr.io/v1alpha1'),
  ],
  [
    'a policy that closes the namespace',
    'network-closed',
    /^kubectl delete -n todo networkpolicy\.networking\.k8s\.io\/added/,
    seen =>
      add(
        seen,
        'NetworkPolicy',
        { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } },
        'networking.k8s.io/v1',
      ),
  ],
  [
    'an IngressClass that is not there',
    'ingress-class',
    /^kubectl patch -n todo tep\/todo .*"ingress"/,
    seen => gone(seen, 'IngressClass'),
  ],
  [
    'an autoscaler without metrics',
    'autoscaler-blind',
    /metrics-server/,
    seen =>
      add(
        seen,
        'HorizontalPodAutoscaler',
        { status: { conditions: [{ type: 'ScalingActive', status: 'False' }] } },
        'autoscaling/v2',
      ),
  ],
  [
    'events that stop',
    'events-stopped',
    /^kubectl rollout restart -n todo deployment\/todo-backend$/,
    seen => condition(platform(seen), 'EventsFlowing', 'False', 'NobodyPublishes'),
  ],
  [
    'dead letters',
    'dead-letters',
    /^tep dlq ls --consumer audit-service --topic task-events$/,
    seen =>
      (seen.flow = {
        topics: [],
        consumers: [
          {
            consumer: 'audit-service',
            topic: 'task-events',
            per_minute: 0,
            behind: 0,
            oldest_behind_seconds: null,
            dead_letters: 3,
          },
        ],
      }),
  ],
  [
    'an outbox that is stuck',
    'outbox-stuck',
    /^tep why/,
    seen =>
      (seen.flow = {
        consumers: [],
        topics: [{ topic: 'task-events', per_minute: 0, waiting: 9, oldest_waiting_seconds: 300 }],
      }),
  ],
]

test('nothing is found where all is well', () => {
  expect(diagnose(well)).toEqual([])
})

test.each(FAULTS)('%s: %s', (_name, rule, fix, inject) => {
  const seen = JSON.parse(JSON.stringify(well)) as Observation
  inject(seen)
  const found = diagnose(seen).filter(each => each.rule === rule)
  expect(found.map(each => each.fix)).toContainEqual(expect.stringMatching(fix))
})

test('a claim nobody waits for is no fault: where all is ready, pods run without it', () => {
  const seen = JSON.parse(JSON.stringify(well)) as Observation
  add(seen, 'PersistentVolumeClaim', { spec: {}, status: { phase: 'Pending' } })
  expect(diagnose(seen)).toEqual([])
})

test('the cause comes before what follows from it', () => {
  const seen = JSON.parse(JSON.stringify(well)) as Observation
  waiting(seen, 'backend', 'CrashLoopBackOff')
  condition(one(seen, 'Kafka'), 'NotReady', 'True', 'X')
  seen.absent.push('Component.dapr.io')
  expect(diagnose(seen).map(({ rule }) => rule)).toEqual(['dapr-absent', 'kafka-not-ready', 'container-crash'])
})

describe('through the program', () => {
  let server: Awaited<ReturnType<typeof served>>
  let folder: string
  beforeAll(async () => {
    server = await served(world)
    folder = mkdtempSync(join(tmpdir(), 'tep-doctor-'))
    await world.client.apply(
      {
        ...OPERATOR,
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      } as never,
      { fieldManager: 'people', reason: 'Test' },
    )
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  test('it tells the fault and its command, and ends with 1; why says the same first', async () => {
    const on = ['-n', 'todo', '--kubeconfig', server.kubeconfig]
    const { code, out } = await tep(['doctor', ...on])
    expect(code).toBe(1)
    expect(out).toContain('$ kubectl scale -n todo-system deployment/todo-event-platform --replicas=1')
    const why = JSON.parse((await tep(['why', '-o', 'json', ...on])).out)
    expect(why.causes[0].rule).toBe('operator-scaled-to-zero')
  })

  test('its bundle holds what was seen, and no value of a Secret', async () => {
    const bundle = join(folder, 'bundle')
    await tep(['doctor', '--bundle', bundle, '-n', 'todo', '--kubeconfig', server.kubeconfig])
    const text = readdirSync(bundle)
      .map(name => readFileSync(join(bundle, name), 'utf8'))
      .join('\n')
    expect(readdirSync(bundle)).toEqual(
      expect.arrayContaining(['platforms.yaml', 'secret.yaml', 'findings.yaml', 'deployment.yaml']),
    )
    expect(text).toContain('todo-kafka-backend-service')
    const secrets = (await world.live(await world.platform())).values()
    const values = [...secrets]
      .filter(({ kind }) => kind === KINDS.secret.kind)
      .flatMap(({ data = {} }) => Object.entries(data as Record<string, string>))
      // A user's name is no secret: it is all over the objects.
      .filter(([key]) => /password|token|jwk|users|uri/.test(key))
      .map(([, value]) => value)
      .filter(value => value.length > 8)
    expect(values.length).toBeGreaterThan(10)
    const plain = values.map(value => Buffer.from(value, 'base64').toString('utf8'))
    expect([...values, ...plain].filter(value => text.includes(value))).toEqual([])
  })
})
