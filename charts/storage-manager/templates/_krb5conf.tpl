{{/* storage-manager.krb5.conf: where Kerberos finds its servers; read with security ADS. */}}
{{- define "storage-manager.krb5.conf" -}}
{{- $domain := .Values.domain }}
[libdefaults]
  default_realm = {{ $domain.realm }}
  ticket_lifetime = 24h
  forwardable = true

[realms]
{{- range $realm, $settings := $domain.realms }}
  {{ $realm }} = {
    {{- range $key, $value := $settings }}
    {{- range kindIs "slice" $value | ternary $value (list $value) }}
    {{ $key }} = {{ . }}
    {{- end }}
    {{- end }}
  }
{{- end }}

[domain_realm]
{{- range $name, $realm := $domain.domainRealm }}
  {{ $name }} = {{ $realm }}
{{- end }}

[logging]
  default = STDERR
{{- end -}}
