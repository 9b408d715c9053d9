{{- define "todo.observability.name" -}}
{{ printf "%s-observability" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "todo.observability.labels" -}}
app.kubernetes.io/name: todo-event-platform
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: observability
app.kubernetes.io/part-of: todo-event-platform
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
