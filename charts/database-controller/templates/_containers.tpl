{{/* database-controller.env: variables that every container of the pod reads. */}}
{{- define "database-controller.env" -}}
LOG_LEVEL: {{ .Values.logLevel }}
K8S_CONNECTION_TIMEOUT_SECOND: {{ .Values.kubernetesTimeoutSeconds | quote }}
WRITE_MERGER_CONNECTION_TIMEOUT_SECOND: {{ .Values.writeMergerTimeoutSeconds | quote }}
RETAIN_MODE_ENABLED: {{ .Values.retainMode | quote }}
RBAC_IN_CLUSTER: "true"
{{- end -}}

{{/*
database-controller.container (dict "root" . "name" "poller" "script" "poller/index.js" "values" .Values.poller "env" (dict …) "database" true): what
all containers of the pod share. With `database` the connection string is among the variables.
*/}}
{{- define "database-controller.container" -}}
{{- $root := .root -}}
{{- $env := mustMerge (dict) .env (include "database-controller.env" $root | fromYaml) -}}
{{- if .database -}}
{{- $env = mustMerge $env (include "pai-common.databaseEnv" (dict "root" $root "name" "DB_CONNECTION_STR") | fromYaml) -}}
{{- end -}}
{{- /* Beside its heap a Node.js process needs memory for code and buffers. */ -}}
{{- $heap := .values.maxHeapMb | int -}}
{{- $limit := printf "%dMi" (add $heap (div $heap 4) 256) -}}
{{- $qos := dict "requests" (dict "cpu" "50m" "memory" "256Mi") "limits" (dict "memory" $limit) -}}
name: {{ .name }}
image: {{ include "pai-common.image" (dict "root" $root "image" $root.Values.image "pai" true) }}
imagePullPolicy: {{ include "pai-common.imagePullPolicy" (dict "root" $root "image" $root.Values.image) }}
command: [node, "--max-old-space-size={{ $heap }}", {{ .script }}]
env: {{- include "pai-common.env" (dict "env" $env "extra" $root.Values.extraEnv) | nindent 2 }}
resources: {{- include "pai-common.resources" (dict "root" $root "resources" (.values.resources | default $root.Values.resources) "qos" $qos) | nindent 2 }}
securityContext: {{- include "pai-common.securityContext" (dict "root" $root) | nindent 2 }}
{{- end -}}
