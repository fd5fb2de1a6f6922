{{/* storage-manager.exports: what NFS serves, and to whom. Whoever asks becomes user 1000, the one of the shares. */}}
{{- define "storage-manager.exports" -}}
{{- $options := "rw,sync,all_squash,no_subtree_check,anonuid=1000,anongid=1000" }}
# Clients mount /, /data and /users by NFS 4.
{{- if .Values.nfs.enabled }}
{{- range $path, $own := dict "/share/pai" "fsid=0," "/share/pai/data" "" "/share/pai/users" "" }}
{{ $path }}{{ range $.Values.allowedNetworks }} {{ . }}({{ $own }}{{ $options }}){{ end }}
{{- end }}
{{- end }}
{{- end -}}
