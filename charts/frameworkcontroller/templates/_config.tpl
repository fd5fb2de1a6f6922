{{/* frameworkcontroller.config: the controller's configuration file. */}}
{{- define "frameworkcontroller.config" -}}
{{- range $name, $value := .Values.config }}
{{- if and (not (kindIs "bool" $value)) (not (kindIs "map" $value)) (eq (float64 $value) (float64 (int64 $value))) }}
{{- /* Helm would write a large number with an exponent. */}}
{{ $name }}: {{ int64 $value }}
{{- else }}
{{ dict $name $value | toYaml }}
{{- end }}
{{- end }}
podFailureSpec: {{- toYaml .Values.podFailureSpec | nindent 2 }}
{{- end -}}
