{{/* fluentd.files: the configuration, the correction of its plugin, and the script that tells whether it is ready, as the data of a ConfigMap. */}}
{{- define "fluentd.files" -}}
{{- range list "fluent.conf" "out_pgjson.rb" "ready.sh" }}
{{ . }}: |
  {{- $.Files.Get (printf "files/%s" .) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* fluentd.logFolder: where the kubelet has the log of frameworkcontroller's pod, whatever its uid. */}}
{{- define "fluentd.logFolder" -}}
/var/log/pods/{{ .Release.Namespace }}_{{ include "pai-common.statefulSetName" (dict "root" . "service" "frameworkcontroller") }}-0_*/frameworkcontroller
{{- end -}}

{{/* fluentd.settings: the container's variables, as the configuration names them. */}}
{{- define "fluentd.settings" -}}
{{- $database := (include "pai-common.global" . | fromYaml).database -}}
BUFFER_SIZE: {{ .Values.buffer.size | quote }}
DATABASE_HOST: {{ include "pai-common.databaseHost" . | quote }}
DATABASE_NAME: {{ $database.name | quote }}
DATABASE_PASSWORD:
  {{- include "pai-common.credential" (dict "root" . "key" "database-password") | nindent 2 }}
DATABASE_PORT: {{ include "pai-common.servicePort" (dict "root" . "service" "postgresql") | quote }}
DATABASE_SSL_MODE: {{ .Values.database.sslMode | quote }}
DATABASE_USER: {{ $database.user | quote }}
DATA_FOLDER: /data
LOG_FOLDER: {{ include "fluentd.logFolder" . | quote }}
{{- end -}}
