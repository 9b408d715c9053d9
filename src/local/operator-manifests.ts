import type { KubeObject } from './kube-api/api.ts'

/** The operator as the chart installs it, without what only a cluster has. */
export function operatorManifests(version: string): KubeObject[] {
  const labels = { 'app.kubernetes.io/name': 'todo-event-platform', 'app.kubernetes.io/component': 'controller' }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'todo-system' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'todo-event-platform', namespace: 'todo-system', labels },
      spec: { selector: labels, ports: [{ name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'todo-event-platform', namespace: 'todo-system', labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 10,
            containers: [
              {
                name: 'controller',
                image: `todo-event-platform/controller:${version}`,
                ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
                env: [
                  { name: 'PORT', value: '8080' },
                  { name: 'HOST', value: '127.0.0.1' },
                  { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
                  // Pods have no addresses of their own here.
                  { name: 'PROBE', value: 'apiserver' },
                  { name: 'OPERATOR_URL', value: 'http://todo-event-platform.todo-system.svc:8080' },
                  { name: 'SERVICES_IMAGE', value: 'todo-event-platform/services' },
                ],
                readinessProbe: { httpGet: { path: '/healthz/ready', port: 'http' }, periodSeconds: 2 },
                livenessProbe: { httpGet: { path: '/healthz/live', port: 'http' }, periodSeconds: 10 },
              },
            ],
          },
        },
      },
    },
  ]
}
