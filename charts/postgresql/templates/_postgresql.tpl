{{/* postgresql.scripts: what readies a folder on the node, as the data of a ConfigMap. */}}
{{- define "postgresql.scripts" -}}
check_folder.sh: |
  {{- .Files.Get "files/check_folder.sh" | nindent 2 }}
prepare_folder.sh: |
  {{- .Files.Get "files/prepare_folder.sh" | nindent 2 }}
{{- end -}}
