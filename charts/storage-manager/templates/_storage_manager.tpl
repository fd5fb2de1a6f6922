{{/* storage-manager.files: what the image reads, as the data of a ConfigMap. */}}
{{- define "storage-manager.files" -}}
{{- $names := list "smb.conf" "exports" -}}
{{- if eq .Values.security "ADS" -}}
{{- $_ := required "security ADS needs domain.realm" .Values.domain.realm -}}
{{- $_ := required "security ADS needs domain.user, who joins the domain" .Values.domain.user -}}
{{- $names = concat $names (list "krb5.conf" "nsswitch.conf") -}}
{{- end -}}
{{- range $name := $names }}
{{ $name }}: |
  {{- include (printf "storage-manager.%s" $name) $ | trim | nindent 2 }}
{{- end }}
{{- end -}}

{{/* storage-manager.probe: a command that opens the ports that are served; both have to be there. */}}
{{- define "storage-manager.probe" -}}
{{- $opens := list -}}
{{- if .Values.smb.enabled -}}
{{- $opens = append $opens "exec 3<>/dev/tcp/127.0.0.1/445" -}}
{{- end -}}
{{- if .Values.nfs.enabled -}}
{{- $opens = append $opens "exec 4<>/dev/tcp/127.0.0.1/2049" -}}
{{- end -}}
{{- list "bash" "-c" (join " && " $opens) | toJson -}}
{{- end -}}

{{/* storage-manager.ports: YAML list of {name, port, hostPort} of what is served. */}}
{{- define "storage-manager.ports" -}}
{{- if .Values.smb.enabled }}
- {name: sm-smbport, port: 445, hostPort: {{ int .Values.smb.hostPort }}}
{{- end }}
{{- if .Values.nfs.enabled }}
- {name: sm-nfsport, port: 2049, hostPort: {{ int .Values.nfs.hostPort }}}
{{- end }}
{{- end -}}
