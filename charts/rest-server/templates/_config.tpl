{{/* rest-server.files: file name → content of the two files that only this service reads. JSON is YAML that needs no thought about quoting. */}}
{{- define "rest-server.files" -}}
{{- $unread := ternary "" "winbindServerUrl" (eq .Values.authentication.groups.groupDataSource "winbind") -}}
group.yaml: |
  {{- omit .Values.authentication.groups $unread | toPrettyJson | nindent 2 }}
k8s-job-exit-spec.yaml: |
  {{- toPrettyJson .Values.jobs.exitSpec | nindent 2 }}
{{- end -}}

{{/* rest-server.env: every variable that the image reads, as a YAML map. What it requires is held by tests/chart/test_rest_server_env.py. */}}
{{- define "rest-server.env" -}}
{{- $global := include "pai-common.global" . | fromYaml -}}
{{- $externalUrl := trimSuffix "/" ($global.externalUrl | default "") -}}
{{- $isOidc := eq .Values.authentication.method "OIDC" -}}
NODE_ENV: production
SERVER_PORT: 8080
LOG_LEVEL: {{ .Values.logLevel }}

JWT_SECRET: {{- include "pai-common.credential" (dict "root" . "key" "jwt-secret") | nindent 2 }}
JWT_TOKEN_EXPIRE_TIME: {{ .Values.tokens.expireTime | quote }}
AUTHN_METHOD: {{ .Values.authentication.method }}
{{- if $isOidc }}
WEBPORTAL_URL: {{ required "authentication.method OIDC sends users back to global.externalUrl, which is empty" $externalUrl | quote }}
{{- else }}
WEBPORTAL_URL: {{ $externalUrl | quote }}
DEFAULT_PAI_ADMIN_USERNAME: {{- include "pai-common.credential" (dict "root" . "key" "admin-username") | nindent 2 }}
DEFAULT_PAI_ADMIN_PASSWORD: {{- include "pai-common.credential" (dict "root" . "key" "admin-password") | nindent 2 }}
{{- end }}

{{- /* The image reads its token once, so it gets one that does not expire; with an address given it asks there instead of at KUBERNETES_SERVICE_HOST. */}}
RBAC_IN_CLUSTER: {{ empty .Values.apiServer.url | quote }}
{{- with .Values.apiServer.url }}
K8S_APISERVER_URI: {{ trimSuffix "/" . | quote }}
{{- end }}
K8S_APISERVER_TOKEN_FILE: {{ include "rest-server.tokenPath" . }}/token
K8S_APISERVER_CA_FILE: {{ include "rest-server.tokenPath" . }}/ca.crt

LAUNCHER_TYPE: k8s
LAUNCHER_SCHEDULER: {{ ternary "hivedscheduler" "defaultscheduler" $global.hived.enabled }}
LAUNCHER_PRIORITY_CLASS: {{ .Values.jobs.priorityClasses | quote }}
LAUNCHER_RUNTIME_IMAGE: {{ include "pai-common.runtimeImage" . | quote }}
LAUNCHER_RUNTIME_IMAGE_PULL_SECRETS: {{ $global.jobPullSecret | quote }}
{{- /* Jobs get this address. They use the host's network, so a name of the cluster's DNS would not do. */}}
REST_SERVER_URI: {{ ternary (printf "%s/rest-server" $externalUrl) (include "pai-common.serviceUrl" (dict "root" . "service" "rest-server")) (ne $externalUrl "") | quote }}
DEFAULT_COMPUTING_DEVICE_TYPE: {{ .Values.jobs.computingDeviceType | quote }}
HIVED_COMPUTING_DEVICE_ENVS: {{ join "," .Values.jobs.hivedComputingDeviceEnvs | quote }}
SCHEDULE_PORT_START: {{ int64 .Values.jobs.ports.start }}
SCHEDULE_PORT_END: {{ int64 .Values.jobs.ports.end }}
DEBUGGING_RESERVATION_SECONDS: {{ int64 .Values.jobs.debuggingReservationSeconds | quote }}
JOB_HISTORY: {{ .Values.jobs.history | quote }}

RATE_LIMIT_API_PER_MIN: {{ int64 .Values.rateLimits.apiPerMinute | quote }}
RATE_LIMIT_LIST_JOB_PER_MIN: {{ int64 .Values.rateLimits.listJobsPerMinute | quote }}
RATE_LIMIT_SUBMIT_JOB_PER_HOUR: {{ int64 .Values.rateLimits.submitJobsPerHour | quote }}

WRITE_MERGER_URL: {{ include "pai-common.serviceUrl" (dict "root" . "service" "database-controller") }}
{{- /* The image wants these two addresses even where there is no such service; a name in `.invalid` is never found (RFC 2606). */}}
HIVED_WEBSERVICE_URI: {{ ternary (include "pai-common.serviceUrl" (dict "root" . "service" "hivedscheduler")) "http://hivedscheduler.invalid" $global.hived.enabled }}
ALERT_MANAGER_URL: {{ ternary (include "pai-common.serviceUrl" (dict "root" . "service" "alert-manager")) "http://alert-manager.invalid" .Values.alertManager.enabled }}
SQL_MAX_CONNECTION: {{ int64 .Values.database.maxConnections }}
{{ include "pai-common.databaseEnv" (dict "root" . "name" "SQL_CONNECTION_STR") }}

LOG_SERVER: {{ .Values.logs.server }}
{{- if eq .Values.logs.server "azure_storage" }}
LOG_AZURE_STORAGE_ACCOUNT: {{ .Values.logs.azureStorage.account | quote }}
LOG_AZURE_STORAGE_ACCOUNT_KEY: {{- include "pai-common.credential" (dict "root" . "key" "log-azure-storage-key") | nindent 2 }}
LOG_AZURE_STORAGE_CONTAINER_NAME: {{ .Values.logs.azureStorage.container | quote }}
{{- else }}
LOG_MANAGER_PORT: {{ include "pai-common.servicePort" (dict "root" . "service" "log-manager") }}
LOG_MANAGER_ADMIN_NAME: {{ .Values.logs.managerUser | quote }}
LOG_MANAGER_ADMIN_PASSWORD: {{- include "pai-common.credential" (dict "root" . "key" "log-manager-password") | nindent 2 }}
{{- end }}
{{- if .Values.trustedCa.configMap }}

NODE_EXTRA_CA_CERTS: /etc/rest-server/trusted-ca/{{ .Values.trustedCa.key }}
{{- end }}
{{- end -}}

{{- define "rest-server.tokenPath" -}}
/var/run/secrets/rest-server
{{- end -}}

{{/* rest-server.tokenSecret: named after its service account, since a token can't change hands. */}}
{{- define "rest-server.tokenSecret" -}}
{{- printf "%s-token" (include "pai-common.serviceAccountName" .) -}}
{{- end -}}
