const kafka = (kafkaSpec: string, more = ''): string =>
  `apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {name: k}\nspec:\n${more}  kafka:\n    ${kafkaSpec}\n`
export const component = (type: string, entries: string, version = 'v1'): string =>
  `apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: c}\nspec:\n  type: ${type}\n  version: ${version}\n  metadata:\n${entries}`
const GOOD = `    - {name: brokers, value: "kafka:9093"}\n    - {name: authType, value: none}\n    - {name: initialOffset, value: oldest}\n`
export const good = component('pubsub.kafka', GOOD)

/** Rule → file that breaks it, the line it stands at, and the same made right. */
export const CASES: Record<string, { file: string; bad: string; line: number; right: string }> = {
  'strimzi-api-version': {
    file: 'a.yaml',
    bad: 'apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nmetadata: {name: a}\n',
    line: 1,
    right: 'apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata: {name: a}\n',
  },
  'kafka-version-3': { file: 'a.yaml', bad: kafka('version: 3.7.0'), line: 6, right: kafka('version: 4.3.1') },
  'kafka-version-4': { file: 'a.yaml', bad: kafka('version: 4.0.0'), line: 6, right: kafka('version: 4.2.0') },
  'kafka-zookeeper': {
    file: 'a.yaml',
    bad: kafka('listeners: []', '  zookeeper: {replicas: 1}\n'),
    line: 5,
    right: kafka('listeners: []'),
  },
  'kafka-no-node-pool': { file: 'a.yaml', bad: kafka('replicas: 3'), line: 6, right: kafka('listeners: []') },
  'strimzi-annotations': {
    file: 'a.yaml',
    bad: 'apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata:\n  name: k\n  annotations:\n    strimzi.io/kraft: enabled\n',
    line: 6,
    right:
      'apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata:\n  name: k\n  annotations:\n    strimzi.io/pause-reconciliation: "true"\n',
  },
  'kafka-unsafe': {
    file: 'a.yaml',
    bad: kafka('listeners:\n    - {name: plain, port: 9092, type: internal, tls: false}'),
    line: 7,
    right: kafka('listeners:\n    - {name: tls, port: 9093, type: internal, tls: true}'),
  },
  'kafka-wait': {
    file: 'a.sh',
    bad: 'kubectl wait kafka/k --for=condition=Ready\n',
    line: 1,
    right: 'kubectl wait deployment/k --for=condition=Available\n',
  },
  'strimzi-pod-name': {
    file: 'a.sh',
    bad: 'kubectl exec -it todo-kafka-kafka-0 -- sh\n',
    line: 1,
    right: 'kubectl exec -it todo-kafka-broker-0 -- sh\n',
  },
  'topic-name-dots': {
    file: 'a.yaml',
    bad: 'apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  name: a.b\nspec: {partitions: 1}\n',
    line: 4,
    right:
      'apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  name: a.b\nspec: {partitions: 1, topicName: a.b}\n',
  },
  'redpanda-defaults': {
    file: 'a.sh',
    bad: 'rpk -X brokers=redpanda:9092\n',
    line: 1,
    right: 'rpk -X brokers=redpanda:9093\n',
  },
  'redpanda-free-tier': {
    file: 'a.md',
    bad: '- Free Serverless tier\n',
    line: 1,
    right: '- Serverless, with a trial credit\n',
  },
  'bitnami-images': {
    file: 'a.sh',
    bad: 'helm install k bitnami/kafka\n',
    line: 1,
    right: 'helm install k strimzi/strimzi\n',
  },
  'pubsub-auth-type': {
    file: 'a.yaml',
    bad: good.replace('    - {name: authType, value: none}\n', ''),
    line: 7,
    right: good,
  },
  'sasl-mechanism-name': {
    file: 'a.yaml',
    bad: `${good}    - {name: saslMechanism, value: SCRAM-SHA-256}\n`,
    line: 11,
    right: `${good}    - {name: saslMechanism, value: SHA-256}\n`,
  },
  'pubsub-tls-enable': {
    file: 'a.yaml',
    bad: `${good}    - name: tlsEnable\n      value: "true"\n`,
    line: 11,
    right: `${good}    - name: disableTls\n      value: "true"\n`,
  },
  'sasl-mechanism-missing': {
    file: 'a.yaml',
    bad: good.replace('value: none', 'value: password'),
    line: 9,
    right: `${good.replace('value: none', 'value: password')}    - {name: saslMechanism, value: SHA-512}\n`,
  },
  'consumer-group-shared': {
    file: 'a.yaml',
    bad: `${good}    - name: consumerGroup\n      value: todo\n`,
    line: 11,
    right: `${good}    - name: consumerGroup\n      value: "{appID}"\n`,
  },
  'dead-letter-metadata': {
    file: 'a.yaml',
    bad: `${good}    - {name: deadLetterTopic, value: dead}\n`,
    line: 11,
    right: good,
  },
  'initial-offset': {
    file: 'a.yaml',
    bad: good.replace('    - {name: initialOffset, value: oldest}\n', ''),
    line: 7,
    right: good,
  },
  'cron-binding': {
    file: 'a.yaml',
    bad: component('bindings.cron', '    - {name: schedule, value: "@every 1h"}\n'),
    line: 5,
    right: component('bindings.http', '    - {name: url, value: "http://a"}\n'),
  },
  'component-without-metadata': {
    file: 'a.yaml',
    bad: 'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: c}\nspec:\n  type: secretstores.kubernetes\n  version: v1\n',
    line: 5,
    right:
      'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: c}\nspec:\n  type: secretstores.kubernetes\n  version: v1\n  metadata: []\n',
  },
  'state-postgresql-v1': {
    file: 'a.yaml',
    bad: component('state.postgresql', '    - {name: keyPrefix, value: none}\n'),
    line: 6,
    right: component('state.postgresql', '    - {name: keyPrefix, value: none}\n', 'v2'),
  },
  'dapr-sidecar-service': {
    file: 'a.sh',
    bad: 'kubectl port-forward svc/dapr-sidecar 9090\n',
    line: 1,
    right: 'kubectl port-forward svc/backend-service-dapr 9090\n',
  },
  'dapr-dashboard': { file: 'a.sh', bad: 'dapr dashboard -k\n', line: 1, right: 'dapr status -k\n' },
  'dapr-built-in-retries': {
    file: 'a.md',
    bad: '- **Retries & Circuit Breakers**: Built-in\n',
    line: 1,
    right: '- Retries: by a Resiliency resource\n',
  },
  'partition-key-header': {
    file: 'a.py',
    bad: 'headers["metadata.partitionKey"] = key\n',
    line: 1,
    right: 'params["rawPayload"] = key\n',
  },
  'subscribe-post': {
    file: 'a.py',
    bad: '@app.post("/dapr/subscribe")\n',
    line: 1,
    right: '@app.get("/dapr/subscribe")\n',
  },
  'job-callback': {
    file: 'a.ts',
    bad: "app.post('/api/jobs/trigger', handle)\n",
    line: 1,
    right: "app.post('/job/:name', handle)\n",
  },
  'jobs-alpha': {
    file: 'a.ts',
    bad: "fetch('http://localhost:3500/v1.0-alpha1/jobs/x')\n",
    line: 1,
    right: "fetch('http://localhost:3500/v1.0/jobs/x')\n",
  },
  'binding-route': { file: 'a.py', bad: '@router.post("/bindings/tick")\n', line: 1, right: '@router.post("/tick")\n' },
  'reply-status': {
    file: 'a.py',
    bad: 'def f():\n    return {"status": "ok"}\n',
    line: 2,
    right: 'def f():\n    return {"status": "SUCCESS"}\n',
  },
  'event-type-of-envelope': {
    file: 'a.py',
    bad: 'if event.get("event_type") == "x":\n',
    line: 1,
    right: 'if event.get("type") == "x":\n',
  },
  'publish-error-swallowed': {
    file: 'a.py',
    bad: 'except Exception as e:\n    print(f"Failed to publish: {e}")\n',
    line: 1,
    right: 'except Exception as e:\n    print(f"Failed to publish: {e}")\n    raise\n',
  },
  'publish-after-commit': {
    file: 'a.py',
    bad: 'background_tasks.add_task(publish)\n',
    line: 1,
    right: 'outbox.append(event)\n',
  },
  'dedupe-in-memory': {
    file: 'a.py',
    bad: 'processed_events = set()\n',
    line: 1,
    right: 'processed_events = table("inbox")\n',
  },
  'month-of-30-days': {
    file: 'a.py',
    bad: 'monthly = timedelta(days=30)\n',
    line: 1,
    right: 'daily = timedelta(days=1)\n',
  },
  'time-without-zone': {
    file: 'a.py',
    bad: 'at = datetime.utcnow()\n',
    line: 1,
    right: 'at = datetime.now(timezone.utc)\n',
  },
  'recurrence-moving-start': {
    file: 'a.py',
    bad: 'rule = rrulestr(text, dtstart=parse(last_due))\n',
    line: 1,
    right: 'rule = rrulestr(text, dtstart=series.dtstart)\n',
  },
  'undefined-helper': {
    file: 'a.py',
    bad: 'task = await get_task(1)\n',
    line: 1,
    right: 'from tasks import get_task\ntask = await get_task(1)\n',
  },
  'schema-refuses-own-events': {
    file: 'a.json',
    bad: '{"$schema": "x", "properties": {"specversion": {},\n "due_date": { "type": "string" }}}\n',
    line: 2,
    right: '{"$schema": "x", "properties": {"specversion": {},\n "due_date": { "type": ["string", "null"] }}}\n',
  },
}
