import { kubectl } from '../clients.ts'
import { mergePatch, row, type Step, type Table } from '../row.ts'

const COMMANDS = 'https://kubernetes.io/docs/reference/kubectl/generated'
const APPLY = `${COMMANDS}/kubectl_apply`
const CREATE = `${COMMANDS}/kubectl_create`
const GET = `${COMMANDS}/kubectl_get`
const PATCH = `${COMMANDS}/kubectl_patch`
const WAIT = `${COMMANDS}/kubectl_wait`
const DELETE = `${COMMANDS}/kubectl_delete`

const configMap = (name = 'a', data: object = { key: 'one' }, labels?: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(labels && { labels }) },
  data,
})
const widget = (spec: object = { size: 3 }, name = 'w'): object => ({
  apiVersion: 'conformance.example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
})
const deployment = (image = 'app:1', replicas = 2): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'main', image, ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }] }],
      },
    },
  },
})
const make = (...objects: object[]): Step => kubectl('create -f - -o name', ...objects)
const available = mergePatch(
  'deployments/web/status',
  {
    status: {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      conditions: [{ type: 'Available', status: 'True' }],
    },
  },
  { silent: true },
)

const creating = [
  row('create from a file', CREATE, kubectl('create -f - -o json', configMap())),
  row('create what is there already', CREATE, make(configMap()), make(configMap())),
  row('create with a name that is none', CREATE, make(configMap('A_b'))),
  row(
    'create a ConfigMap by flags',
    `${CREATE}/kubectl_create_configmap`,
    kubectl('create configmap c --from-literal=key=väl -o json'),
  ),
  row(
    'create a Secret by flags',
    `${CREATE}/kubectl_create_secret_generic`,
    kubectl('create secret generic s --from-literal=key=1 -o json'),
  ),
  row(
    'create a ServiceAccount',
    `${CREATE}/kubectl_create_serviceaccount`,
    kubectl('create serviceaccount robot -o json'),
  ),
  row(
    'create a Role and its binding',
    `${CREATE}/kubectl_create_role`,
    kubectl('create role reader --verb=get,list --resource=configmaps,deployments.apps -o json'),
    kubectl('create rolebinding readers --role=reader --serviceaccount={ns}:robot -o json'),
  ),
  row(
    'create a Job',
    `${CREATE}/kubectl_create_job`,
    kubectl('create job j --image=x -- run it'),
    kubectl('get job j'),
  ),
  row(
    'create a CronJob',
    `${CREATE}/kubectl_create_cronjob`,
    kubectl("create cronjob c --image=x '--schedule=0 3 * * *'"),
  ),
  row(
    'create with a server-side dry run',
    CREATE,
    kubectl('create -f - --dry-run=server', configMap()),
    kubectl('get cm'),
  ),
  row(
    'create an object with a field it does not have',
    CREATE,
    kubectl('create -f -', { ...configMap(), colour: 'red' }),
  ),
  row(
    'create an object with a field it does not have, only warned',
    CREATE,
    kubectl('create -f - --validate=warn', { ...configMap(), colour: 'red' }),
  ),
  row(
    'create two of which one is refused',
    CREATE,
    make(configMap('a'), widget({ size: 0 }), configMap('b')),
    kubectl('get cm -o name'),
  ),
]

const applying = [
  row(
    'apply, again, and with a change',
    APPLY,
    kubectl('apply -f -', configMap()),
    kubectl('apply -f -', configMap()),
    kubectl('apply -f -', configMap('a', { key: 'two' })),
    kubectl('get cm a -o json'),
  ),
  row(
    'apply takes away what is no longer in the file, and leaves what others added',
    APPLY,
    kubectl('apply -f -', configMap('a', { mine: '1', more: '2' })),
    kubectl('patch cm a --type=merge -p \'{"data":{"theirs":"3"}}\''),
    kubectl('apply -f -', configMap('a', { mine: '1' })),
    kubectl("get cm a -o jsonpath='{.data}'"),
  ),
  row(
    'apply a Deployment',
    APPLY,
    kubectl('apply -f -', deployment()),
    kubectl('apply -f -', deployment('app:2')),
    kubectl('get deploy web -o json'),
  ),
  row(
    'apply by the server',
    `${APPLY}`,
    kubectl('apply --server-side -f -', deployment()),
    kubectl('get deploy web -o json --show-managed-fields'),
  ),
  row(
    'apply by the server against another manager',
    APPLY,
    kubectl('apply --server-side -f -', configMap()),
    kubectl('apply --server-side --field-manager=other -f -', configMap('a', { key: 'two' })),
    kubectl('apply --server-side --field-manager=other --force-conflicts -f -', configMap('a', { key: 'two' })),
    kubectl("get cm a -o jsonpath='{.data}'"),
  ),
  row(
    'apply by the server what was applied by the client',
    APPLY,
    kubectl('apply -f -', configMap()),
    kubectl('apply --server-side -f -', configMap('a', { key: 'two' })),
    kubectl('get cm a -o json --show-managed-fields'),
  ),
  row(
    'apply with a server-side dry run',
    APPLY,
    kubectl('apply --dry-run=server -f -', configMap()),
    kubectl('get cm'),
  ),
  row(
    'apply a custom resource',
    APPLY,
    kubectl('apply -f -', widget()),
    kubectl('apply -f -', widget({ size: 4 })),
    kubectl('get wd w -o json'),
  ),
  row(
    'apply a custom resource that its schema refuses',
    APPLY,
    kubectl('apply -f -', widget({ size: 0, mode: 'off' })),
  ),
  row('apply a custom resource with a field it does not have', APPLY, kubectl('apply -f -', widget({ sise: 3 }))),
  row('apply a custom resource that a rule refuses', APPLY, kubectl('apply -f -', widget({ low: 3, high: 2 }))),
  row(
    'apply a kind that nobody serves',
    APPLY,
    kubectl('apply -f -', { apiVersion: 'example.org/v1', kind: 'Nothing', metadata: { name: 'n' } }),
  ),
  row(
    'apply and prune by a label',
    APPLY,
    kubectl('apply -f -', configMap('a', {}, { set: 'x' }), configMap('b', {}, { set: 'x' })),
    kubectl('apply --prune -l set=x --prune-allowlist=core/v1/ConfigMap -f -', configMap('a', {}, { set: 'x' })),
    kubectl('get cm -l set=x -o name'),
  ),
  row(
    'the last applied',
    `${APPLY}/kubectl_apply_view-last-applied`,
    kubectl('apply -f -', configMap()),
    kubectl('apply view-last-applied cm a -o json'),
  ),
  row(
    'diff: nothing',
    `${COMMANDS}/kubectl_diff`,
    kubectl('apply -f -', configMap()),
    kubectl('diff -f -', configMap()),
  ),
  row(
    'diff: a change',
    `${COMMANDS}/kubectl_diff`,
    kubectl('apply -f -', deployment()),
    kubectl('diff -f -', deployment('app:2', 3)),
  ),
  row('diff: what is not there', `${COMMANDS}/kubectl_diff`, kubectl('diff -f -', widget())),
  row(
    'diff by the server',
    `${COMMANDS}/kubectl_diff`,
    kubectl('apply --server-side -f -', widget()),
    kubectl('diff --server-side -f -', widget({ size: 5 })),
  ),
  row(
    'replace',
    `${COMMANDS}/kubectl_replace`,
    kubectl('replace -f -', configMap()),
    make(configMap()),
    kubectl('replace -f - -o json', configMap('a', { other: '2' })),
  ),
]

const getting = [
  row('get a table', GET, make(configMap(), configMap('b', {})), kubectl('get cm')),
  row('get wide', GET, make(deployment()), kubectl('get deploy -o wide')),
  row('get as YAML', GET, make(widget()), kubectl('get widget w -o yaml')),
  row(
    'get by JSONPath',
    GET,
    make(deployment()),
    kubectl("get deploy web -o jsonpath='{.spec.template.spec.containers[*].image} {.spec.replicas}'"),
  ),
  row(
    'get by a JSONPath of what is not there',
    GET,
    make(configMap()),
    kubectl("get cm a -o jsonpath='{.none.at.all}'"),
  ),
  row(
    'get custom columns',
    GET,
    make(configMap(), configMap('b')),
    kubectl('get cm -o custom-columns=N:.metadata.name,K:.data.key,X:.data.x'),
  ),
  row(
    'get by a template',
    GET,
    make(configMap()),
    kubectl("get cm -o go-template='{{range .items}}{{.metadata.name}}={{.data.key}}{{end}}'"),
  ),
  row('get names', GET, make(configMap(), widget()), kubectl('get cm,wd -o name')),
  row(
    'get by labels',
    GET,
    make(configMap('a', {}, { x: '1' }), configMap('b', {}, { x: '2' })),
    kubectl("get cm -l 'x in (2,3)' -o name"),
  ),
  row(
    'get with labels shown',
    GET,
    make(configMap('a', {}, { x: '1' })),
    kubectl('get cm --show-labels'),
    kubectl('get cm -L x'),
  ),
  row(
    'get by fields',
    GET,
    make(configMap('a'), configMap('b')),
    kubectl('get cm --field-selector=metadata.name!=a -o name'),
  ),
  row('get by a field that cannot be selected', GET, kubectl('get cm --field-selector=data.key=x')),
  row('get sorted', GET, make(configMap('b'), configMap('a')), kubectl("get cm --sort-by='{.metadata.name}' -o name")),
  row(
    'get in chunks',
    GET,
    make(configMap('a'), configMap('b'), configMap('c')),
    kubectl('get cm --chunk-size=2 -o name'),
  ),
  row(
    'get a custom resource with its columns',
    GET,
    make(widget({ size: 3, flag: true })),
    kubectl('get wd'),
    kubectl('get wd -o wide'),
  ),
  row('get a category', GET, make(widget()), kubectl('get todo')),
  row('get several kinds', GET, make(configMap(), deployment()), kubectl('get cm,deploy')),
  row('get nothing', GET, kubectl('get cm'), kubectl('get wd')),
  row('get what is not there', GET, kubectl('get cm none'), kubectl('get cm none --ignore-not-found')),
  row('get a kind that is not there', GET, kubectl('get nothings')),
  row('get the status', GET, make(deployment()), available, kubectl('get deploy web --subresource=status')),
  row('get the scale', GET, make(deployment()), kubectl('get deploy web --subresource=scale -o json')),
  row('get raw', GET, make(configMap()), kubectl('get --raw /api/v1/namespaces/{ns}/configmaps/a')),
  row('get raw health', GET, kubectl('get --raw /readyz'), kubectl('get --raw /livez')),
  row('describe a ConfigMap', `${COMMANDS}/kubectl_describe`, make(configMap()), kubectl('describe cm a')),
  row('describe a Deployment', `${COMMANDS}/kubectl_describe`, make(deployment()), kubectl('describe deploy web')),
  row('describe a custom resource', `${COMMANDS}/kubectl_describe`, make(widget()), kubectl('describe wd w')),
  row('describe a namespace', `${COMMANDS}/kubectl_describe`, kubectl('describe ns {ns}')),
  row('events', `${COMMANDS}/kubectl_events`, kubectl('events')),
]

const changing = [
  row(
    'patch by strategic merge',
    PATCH,
    make(deployment()),
    kubectl(
      `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"B","value":"c"}]}]}}}}' -o json`,
    ),
  ),
  row(
    'patch by merge',
    PATCH,
    make(deployment()),
    kubectl(
      `patch deploy web --type=merge -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"y"}]}}}}' -o json`,
    ),
  ),
  row(
    'patch by JSON patch',
    PATCH,
    make(configMap()),
    kubectl(
      `patch cm a --type=json -p '[{"op":"add","path":"/data/b","value":"2"},{"op":"remove","path":"/data/key"}]' -o json`,
    ),
  ),
  row(
    'patch by a JSON patch whose test fails',
    PATCH,
    make(configMap()),
    kubectl(`patch cm a --type=json -p '[{"op":"test","path":"/data/key","value":"x"}]'`),
  ),
  row(
    'patch by a JSON patch of what is not there',
    PATCH,
    make(configMap()),
    kubectl(`patch cm a --type=json -p '[{"op":"remove","path":"/data/none"}]'`),
  ),
  row(
    'patch a custom resource by strategic merge',
    PATCH,
    make(widget()),
    kubectl(`patch wd w -p '{"spec":{"size":4}}'`),
  ),
  row(
    'patch the status',
    PATCH,
    make(widget()),
    kubectl(`patch wd w --subresource=status --type=merge -p '{"spec":{"size":9},"status":{"phase":"Good"}}' -o json`),
  ),
  row(
    'patch without a change',
    PATCH,
    make(configMap()),
    kubectl(`patch cm a --type=merge -p '{"data":{"key":"one"}}'`),
  ),
  row('patch what is not there', PATCH, kubectl(`patch cm none --type=merge -p '{}'`)),
  row(
    'label',
    `${COMMANDS}/kubectl_label`,
    make(configMap()),
    kubectl('label cm a x=1'),
    kubectl('label cm a x=2'),
    kubectl('label cm a x=2 --overwrite'),
    kubectl('label cm a x-'),
    kubectl('label cm a --list'),
  ),
  row('label with what is none', `${COMMANDS}/kubectl_label`, make(configMap()), kubectl("label cm a 'x=not a label'")),
  row(
    'annotate',
    `${COMMANDS}/kubectl_annotate`,
    make(widget()),
    kubectl("annotate wd w 'note=any words'"),
    kubectl('annotate wd --all note-'),
    kubectl('get wd w -o json'),
  ),
  row(
    'scale a Deployment',
    `${COMMANDS}/kubectl_scale`,
    make(deployment()),
    kubectl('scale deploy web --replicas=5'),
    kubectl('scale deploy web --current-replicas=1 --replicas=2'),
    kubectl("get deploy web -o jsonpath='{.spec.replicas}'"),
  ),
  row(
    'scale a custom resource',
    `${COMMANDS}/kubectl_scale`,
    make(widget({ replicas: 1 })),
    kubectl('scale wd w --replicas=3'),
    kubectl("get wd w -o jsonpath='{.spec.replicas}'"),
  ),
  row('scale what has no scale', `${COMMANDS}/kubectl_scale`, make(configMap()), kubectl('scale cm a --replicas=1')),
  row(
    'set an image',
    `${COMMANDS}/kubectl_set/kubectl_set_image`,
    make(deployment()),
    kubectl('set image deploy/web main=app:7'),
    kubectl('get deploy web -o wide'),
  ),
  row(
    'set variables',
    `${COMMANDS}/kubectl_set/kubectl_set_env`,
    make(deployment()),
    kubectl('set env deploy/web C=d A-'),
    kubectl('set env deploy/web --list'),
  ),
  row(
    'set resources',
    `${COMMANDS}/kubectl_set/kubectl_set_resources`,
    make(deployment()),
    kubectl('set resources deploy/web --limits=memory=1Gi'),
    kubectl('get deploy web -o json'),
  ),
  row(
    'rollout status',
    `${COMMANDS}/kubectl_rollout/kubectl_rollout_status`,
    make(deployment()),
    available,
    kubectl('rollout status deploy/web --timeout=5s'),
  ),
  row(
    'rollout pause and resume',
    `${COMMANDS}/kubectl_rollout/kubectl_rollout_pause`,
    make(deployment()),
    kubectl('rollout pause deploy/web'),
    kubectl('rollout pause deploy/web'),
    kubectl('rollout resume deploy/web'),
    kubectl("get deploy web -o jsonpath='{.spec.paused}'"),
  ),
  row(
    'rollout restart',
    `${COMMANDS}/kubectl_rollout/kubectl_rollout_restart`,
    make(deployment()),
    kubectl('rollout restart deploy/web'),
    kubectl('get deploy web -o json'),
  ),
  row(
    'rollout history',
    `${COMMANDS}/kubectl_rollout/kubectl_rollout_history`,
    make(deployment()),
    kubectl('rollout history deploy/web'),
  ),
]

const waiting = [
  row(
    'wait for a condition',
    WAIT,
    make(deployment()),
    available,
    kubectl('wait --for=condition=Available deploy/web --timeout=5s'),
  ),
  row(
    'wait for a value',
    WAIT,
    make(widget()),
    mergePatch('widgets/w/status', { status: { phase: 'Good' } }, { silent: true }),
    kubectl(`wait '--for=jsonpath={.status.phase}=Good' wd/w --timeout=5s`),
  ),
  row('wait in vain', WAIT, make(widget()), kubectl('wait --for=condition=Ready wd/w --timeout=1s')),
  row('wait for what is there', WAIT, make(widget()), kubectl('wait --for=create wd/w --timeout=5s')),
  row('wait for the end of what is not there', WAIT, kubectl('wait --for=delete wd/none --timeout=5s')),
]

const deleting = [
  row('delete by name', DELETE, make(configMap()), kubectl('delete cm a'), kubectl('get cm a')),
  row('delete what is not there', DELETE, kubectl('delete cm none'), kubectl('delete cm none --ignore-not-found')),
  row(
    'delete by labels',
    DELETE,
    make(configMap('a', {}, { x: '1' }), configMap('b', {}, { x: '1' }), configMap('c')),
    kubectl('delete cm -l x=1'),
    kubectl('get cm -o name'),
  ),
  row('delete all of a kind', DELETE, make(widget(), widget({}, 'v')), kubectl('delete wd --all'), kubectl('get wd')),
  row('delete from a file', DELETE, make(configMap(), widget()), kubectl('delete -f -', configMap(), widget())),
  row(
    'delete with a dry run',
    DELETE,
    make(configMap()),
    kubectl('delete cm a --dry-run=server'),
    kubectl('get cm a -o name'),
  ),
  row(
    'delete what a finalizer holds',
    DELETE,
    make(widget()),
    kubectl(`patch wd w --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`),
    kubectl('delete wd w --timeout=1s'),
    kubectl("get wd w -o jsonpath='{.metadata.finalizers}'"),
  ),
  row('delete, leaving what it owns', DELETE, make(deployment()), kubectl('delete deploy web --cascade=orphan')),
]

const asking = [
  row('explain a field', `${COMMANDS}/kubectl_explain`, kubectl('explain configmap.data')),
  row(
    'explain a custom resource',
    `${COMMANDS}/kubectl_explain`,
    kubectl('explain wd'),
    kubectl('explain widget.spec.parts.name'),
  ),
  row('explain a field that is not there', `${COMMANDS}/kubectl_explain`, kubectl('explain widget.spec.none')),
  row(
    'api-resources of a group',
    `${COMMANDS}/kubectl_api-resources`,
    kubectl('api-resources --api-group=conformance.example.com'),
  ),
  row(
    'api-resources of a group, wide',
    `${COMMANDS}/kubectl_api-resources`,
    kubectl('api-resources --api-group=conformance.example.com -o wide'),
  ),
  row(
    'auth can-i',
    `${COMMANDS}/kubectl_auth/kubectl_auth_can-i`,
    kubectl('auth can-i create pods'),
    kubectl('auth can-i delete widgets.conformance.example.com'),
  ),
  row('auth whoami', `${COMMANDS}/kubectl_auth/kubectl_auth_whoami`, kubectl('auth whoami -o json')),
  row(
    'expose a Deployment',
    `${COMMANDS}/kubectl_expose`,
    make(deployment()),
    kubectl('expose deploy web --port=80 --cluster-ip=None'),
    kubectl('get svc web'),
  ),
  row(
    'autoscale a Deployment',
    `${COMMANDS}/kubectl_autoscale`,
    make(deployment()),
    kubectl('autoscale deploy web --min=1 --max=3 --cpu=80%'),
    kubectl('get hpa'),
  ),
]

export const kubectlTable: Table = {
  name: 'kubectl',
  rows: [...creating, ...applying, ...getting, ...changing, ...waiting, ...deleting, ...asking],
}
