{{/* What every pod of the chart has in common: Pod Security Standard restricted, and where it may run. */}}
{{- define "todo.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "todo.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "todo.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A pod that runs one command of the controller's image to its end: dict "root" "serviceAccount" "name" "args". */}}
{{- define "todo.commandPod" -}}
serviceAccountName: {{ .serviceAccount }}
restartPolicy: Never
securityContext: {{- include "todo.podSecurity" .root | nindent 2 }}
{{- include "todo.placement" .root }}
containers:
  - name: {{ .name }}
    image: {{ include "todo.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args: {{- toYaml .args | nindent 6 }}
    # Its last words are why it failed.
    terminationMessagePolicy: FallbackToLogsOnError
    resources:
      requests:
        cpu: 50m
        memory: 96Mi
        ephemeral-storage: 16Mi
      limits:
        memory: 256Mi
        ephemeral-storage: 128Mi
    securityContext: {{- include "todo.containerSecurity" .root | nindent 6 }}
{{- end }}
