{{/* marketplace-restserver.databaseHost, -Port: where PostgreSQL answers: `database.host`, or the release's marketplace-db. */}}
{{- define "marketplace-restserver.databaseHost" -}}
{{- .Values.database.host | default (include "pai-common.serviceHost" (dict "root" . "service" "marketplace-db")) -}}
{{- end -}}
{{- define "marketplace-restserver.databasePort" -}}
{{- .Values.database.port | default (include "pai-common.servicePort" (dict "root" . "service" "marketplace-db")) | int -}}
{{- end -}}

{{/* marketplace-restserver.env: every variable that the image reads, as a YAML map. It knows no connection string, so nothing is percent-encoded. */}}
{{- define "marketplace-restserver.env" -}}
NODE_ENV: production
PORT: "8080"
DB_HOST: {{ include "marketplace-restserver.databaseHost" . | quote }}
DB_PORT: {{ include "marketplace-restserver.databasePort" . | quote }}
DB_USERNAME: {{ .Values.database.user | quote }}
DB_PASSWORD: {{- include "pai-common.credential" (dict "root" . "key" "marketplace-database-password") | nindent 2 }}
DATABASE: {{ .Values.database.name | quote }}
{{- /* Tokens are checked by asking rest-server. */}}
IDP_URL: {{ .Values.identityUrl | default (include "pai-common.serviceUrl" (dict "root" . "service" "rest-server")) | quote }}
{{- /* The image does without. */}}
AZURE_STORAGE:
  {{- include "pai-common.credential" (dict "root" . "key" "marketplace-azure-storage") | nindent 2 }}
      optional: true
{{- end -}}
