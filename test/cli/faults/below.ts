import { add, condition, external, type Fault, gone, one, platform } from './fault.ts'

/** Faults of cluster, operators, spec and Secrets. */
export const FAULTS_BELOW: readonly Fault[] = [
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
]
