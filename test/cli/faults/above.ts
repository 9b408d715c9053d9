import { add, condition, type Fault, gone, one, platform, pod, waiting } from './fault.ts'

/** Faults of pods, Kafka, database, messaging and events. */
export const FAULTS_ABOVE: readonly Fault[] = [
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
        publishers: [],
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
        publishers: [],
        consumers: [],
        topics: [{ topic: 'task-events', per_minute: 0, waiting: 9, oldest_waiting_seconds: 300 }],
      }),
  ],
]
