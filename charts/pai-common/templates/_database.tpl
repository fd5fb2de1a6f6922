{{/* pai-common.databaseHost: where PostgreSQL answers: `global.database.host`, or the release's own. */}}
{{- define "pai-common.databaseHost" -}}
{{- $root := .root | default . -}}
{{- (include "pai-common.global" $root | fromYaml).database.host | default (include "pai-common.serviceHost" (dict "root" $root "service" "postgresql")) -}}
{{- end -}}

{{/*
pai-common.databaseEnv (dict "root" . "name" "SQL_CONNECTION_STR"): YAML map for pai-common.env with the connection string under the image's
variable name. The password stands percent-encoded in the credentials Secret and is put in by Kubernetes, never by Helm.
*/}}
{{- define "pai-common.databaseEnv" -}}
{{- $database := (include "pai-common.global" .root | fromYaml).database -}}
DATABASE_PASSWORD_URLENCODED:
  {{- include "pai-common.credential" (dict "root" .root "key" "database-password-urlencoded") | nindent 2 }}
{{ .name }}: {{ printf "postgresql://%s:$(DATABASE_PASSWORD_URLENCODED)@%s:%s/%s" ($database.user | urlquery | replace "+" "%20") (include "pai-common.databaseHost" .root) (include "pai-common.servicePort" (dict "root" .root "service" "postgresql")) ($database.name | urlquery | replace "+" "%20") | quote }}
{{- end -}}
