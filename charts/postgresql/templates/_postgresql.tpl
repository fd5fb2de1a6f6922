{{/* postgresql.onFolder: "true" when the data lies in a folder on the node. */}}
{{- define "postgresql.onFolder" -}}
{{- if not (or .Values.persistence.existingClaim .Values.persistence.storageClass) -}}
true
{{- end -}}
{{- end -}}

{{/* postgresql.claim: the name of the claim that holds the data. It never changes: another name would be an empty database. */}}
{{- define "postgresql.claim" -}}
{{- .Values.persistence.existingClaim | default (include "pai-common.fullname" .) -}}
{{- end -}}

{{/* postgresql.scripts: what readies a folder on the node, as the data of a ConfigMap. */}}
{{- define "postgresql.scripts" -}}
check_folder.sh: |
  {{- .Files.Get "files/check_folder.sh" | nindent 2 }}
prepare_folder.sh: |
  {{- .Files.Get "files/prepare_folder.sh" | nindent 2 }}
{{- end -}}
