{{- define "todo.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "todo.selector" -}}
app.kubernetes.io/name: todo-event-platform
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{- define "todo.labels" -}}
{{ include "todo.selector" . }}
app.kubernetes.io/part-of: todo-event-platform
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "todo.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "todo.name" .) }}
{{- end }}

{{/* An image, from `imageRegistry` in place of its own registry where that is set. */}}
{{- define "todo.repository" -}}
{{- if .root.Values.imageRegistry -}}
{{ printf "%s/%s" .root.Values.imageRegistry (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" .repository "") }}
{{- else }}{{ .repository }}{{ end }}
{{- end }}

{{- define "todo.image" -}}
{{ include "todo.repository" (dict "root" . "repository" .Values.image.repository) }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Two, so that a standby takes over within seconds; one beside a platform for development. */}}
{{- define "todo.replicas" -}}
{{- if hasKey .Values "replicas" }}{{ .Values.replicas }}
{{- else if and .Values.platform.enabled (eq .Values.platform.profile "Development") }}1
{{- else }}2{{ end }}
{{- end }}

{{/* Namespaces served, as a JSON list. */}}
{{- define "todo.namespaces" -}}
{{ .Values.watchNamespaces | default (list .Release.Namespace) | toJson }}
{{- end }}

{{/* A namespaceSelector of the namespaces served. */}}
{{- define "todo.servedNamespaces" -}}
{{- if .Values.clusterWide -}}
{}
{{- else -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: In
    values: {{- include "todo.namespaces" . | fromJsonArray | toYaml | nindent 6 }}
{{- end -}}
{{- end }}

{{/* What the controller does with the objects of a namespace it serves; nothing else. */}}
{{- define "todo.rules" -}}
- apiGroups: [todo.events]
  # get: before a change made meanwhile by others is taken back, the platform is asked for at the source.
  resources: [todoeventplatforms]
  verbs: [get, list, watch, patch]
- apiGroups: [todo.events]
  resources: [todoeventplatforms/status]
  verbs: [patch]
- apiGroups: [todo.events]
  # For owner references that block the owner's deletion.
  resources: [todoeventplatforms/finalizers]
  verbs: [update]
- apiGroups: [""]
  # Whether the namespace is being deleted around a platform: what is in it goes by itself then.
  resources: [namespaces]
  verbs: [get]
- apiGroups: [kafka.strimzi.io]
  resources: [kafkas, kafkanodepools, kafkatopics, kafkausers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [cluster.redpanda.com]
  resources: [topics, users]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [cluster.redpanda.com]
  resources: [redpandas]
  verbs: [list, watch]
- apiGroups: [dapr.io]
  resources: [components, configurations, resiliencies, subscriptions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters, scheduledbackups]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [barmancloud.cnpg.io]
  resources: [objectstores]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [secrets, services, serviceaccounts]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  # Where the services answer, and the last words of the Job that looks at the topics of a Kafka outside the cluster;
  # one that got no sidecar is deleted, so that another one gets it.
  resources: [pods]
  verbs: [list, watch, delete]
{{- if eq .Values.probe "apiserver" }}
- apiGroups: [""]
  resources: [pods/proxy]
  verbs: [get]
{{- end }}
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling.k8s.io]
  resources: [verticalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [keda.sh]
  resources: [scaledobjects, triggerauthentications]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors, prometheusrules]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end }}
