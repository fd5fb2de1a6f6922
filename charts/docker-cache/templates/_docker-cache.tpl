{{/* docker-cache.onDisk: "true" when layers lie in a volume, and not with Azure. */}}
{{- define "docker-cache.onDisk" -}}
{{- if eq .Values.storage.backend "filesystem" -}}true{{- end -}}
{{- end -}}

{{/* docker-cache.onFolder: "true" when that volume is a folder on the node. */}}
{{- define "docker-cache.onFolder" -}}
{{- if include "docker-cache.onDisk" . -}}{{- include "pai-common.onFolder" (dict "root" .) -}}{{- end -}}
{{- end -}}

{{/* docker-cache.config: the registry's configuration file; versions 2.8 and 3 read it alike. What is secret comes from the pod's variables. */}}
{{- define "docker-cache.config" -}}
version: 0.1
log:
  level: {{ .Values.logLevel }}
  fields: {service: docker-cache}
storage:
  cache: {blobdescriptor: inmemory}
  {{- /* So that the cache may remove what it has kept for a week and nobody asked for again. */}}
  delete: {enabled: true}
  {{- if include "docker-cache.onDisk" . }}
  filesystem:
    rootdirectory: {{ .Values.storage.filesystem.rootDirectory | quote }}
  {{- else }}
  azure:
    accountname: {{ required "docker-cache: storage.azure.accountName is empty; give the account, or set storage.backend: filesystem" .Values.storage.azure.accountName | quote }}
    container: {{ .Values.storage.azure.container | quote }}
    realm: {{ .Values.storage.azure.realm | quote }}
    {{- /* For version 3; 2.8 has no other kind. */}}
    credentials: {type: shared_key}
  {{- end }}
http:
  addr: ":{{ .Values.port }}"
  headers:
    X-Content-Type-Options: [nosniff]
{{- if .Values.login.enabled }}
auth:
  htpasswd:
    realm: basic-realm
    path: /auth/htpasswd
{{- end }}
proxy:
  remoteurl: {{ .Values.remoteUrl | quote }}
health:
  storagedriver: {enabled: true, interval: 10s, threshold: 3}
{{- end -}}

{{/* docker-cache.env: variables that the registry lays over its file. */}}
{{- define "docker-cache.env" -}}
{{- if not (include "docker-cache.onDisk" .) }}
REGISTRY_STORAGE_AZURE_ACCOUNTKEY:
  {{- include "pai-common.credential" (dict "root" . "key" "docker-cache-azure-key") | nindent 2 }}
{{- end }}
{{- with .Values.upstreamLogin }}
{{- if .existingSecret }}
REGISTRY_PROXY_USERNAME:
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret }}, key: {{ .usernameKey }}}
REGISTRY_PROXY_PASSWORD:
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret }}, key: {{ .passwordKey }}}
{{- end }}
{{- end }}
{{- end -}}
