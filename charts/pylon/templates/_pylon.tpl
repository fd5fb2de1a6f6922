{{/* pylon.terminatesTls: "true" when nginx itself speaks https; an Ingress or a Gateway does it in front of pylon. */}}
{{- define "pylon.terminatesTls" -}}
{{- if and .Values.tls.enabled (not (has .Values.exposure.type (list "ingress" "gateway"))) -}}true{{- end -}}
{{- end -}}

{{- define "pylon.replicas" -}}
{{- .Values.replicas | default (eq .Values.exposure.type "hostPort" | ternary 1 2) -}}
{{- end -}}

{{/* pylon.tlsSecret: the Secret that holds the certificate; empty for an Ingress whose controller has one of its own. */}}
{{- define "pylon.tlsSecret" -}}
{{- if .Values.tls.secretName -}}
{{- .Values.tls.secretName -}}
{{- else if .Values.tls.certManager.enabled -}}
{{- include "pai-common.fullname" . }}-tls
{{- else if include "pylon.terminatesTls" . -}}
{{- fail "pylon: tls.enabled needs tls.secretName (make it: kubectl create secret tls <name> --cert=<file> --key=<file>) or tls.certManager.enabled" -}}
{{- end -}}
{{- end -}}

{{/* pylon.externalHost: the host of global.externalUrl, IPv6 without brackets. */}}
{{- define "pylon.externalHost" -}}
{{- (urlParse (include "pai-common.global" . | fromYaml).externalUrl).hostname | lower -}}
{{- end -}}

{{- define "pylon.isAddress" -}}
{{- if regexMatch "^[0-9.]+$|:" . -}}true{{- end -}}
{{- end -}}

{{/* pylon.hostnames: DNS names that users type, as a YAML list; empty when they type an address. */}}
{{- define "pylon.hostnames" -}}
{{- $host := include "pylon.externalHost" . -}}
{{- $names := .Values.exposure.hostnames -}}
{{- if and (not $names) $host (not (include "pylon.isAddress" $host)) -}}
{{- $names = list $host -}}
{{- end -}}
{{- toYaml $names -}}
{{- end -}}

{{/*
pylon.httpsAddress: where the plain port sends browsers: `global.externalUrl`, or with an external URL that is no https the
host that was asked for, with the https port of the exposure.
*/}}
{{- define "pylon.httpsAddress" -}}
{{- $url := (include "pai-common.global" . | fromYaml).externalUrl -}}
{{- $port := dict "hostPort" .Values.exposure.hostPort.https "nodePort" .Values.exposure.nodePort.https -}}
{{- $port = get $port .Values.exposure.type | default 443 | int -}}
{{- if hasPrefix "https://" $url -}}
{{- $url -}}
{{- else -}}
https://$host{{ if ne $port 443 }}:{{ $port }}{{ end }}
{{- end -}}
{{- end -}}

{{/* pylon.serverNames: what pods call pylon; on these names it answers over http even with TLS. */}}
{{- define "pylon.serverNames" -}}
{{- $name := include "pai-common.fullname" . -}}
{{- $namespace := .Release.Namespace -}}
{{ $name }} {{ $name }}.{{ $namespace }} {{ $name }}.{{ $namespace }}.svc {{ $name }}.{{ $namespace }}.svc.*
{{- end -}}

{{/*
pylon.backends: YAML list of {name, address, prefix?, scheme?, host?, path?}, one an upstream that is on. Those with a prefix lose it on the way;
`host` is what a backend outside the release is called, `path` what its own paths begin with.
*/}}
{{- define "pylon.backends" -}}
{{- $on := .Values.backends -}}
{{- $dashboard := .Values.kubernetesDashboard -}}
{{- $prometheus := .Values.prometheus.url -}}
{{- $all := list
  (dict "name" "rest-server" "prefix" "/rest-server" "on" true)
  (dict "name" "webportal" "on" true)
  (dict "name" "prometheus" "prefix" (empty $prometheus | ternary "" "/prometheus") "on" (or $prometheus (get $on "prometheus")) "url" $prometheus)
  (dict "name" "alert-manager" "on" (get $on "alert-manager"))
  (dict "name" "grafana" "on" (and (get $on "grafana") (not .Values.grafana.url)))
  (dict "name" "k8s-dashboard" "prefix" "/kubernetes-dashboard" "on" (or $dashboard.url (get $on "k8s-dashboard")) "url" $dashboard.url)
  (dict "name" "marketplace-restserver" "prefix" "/marketplace/api" "on" (get $on "marketplace"))
  (dict "name" "marketplace-webportal" "prefix" "/marketplace" "on" (get $on "marketplace"))
  (dict "name" "docker-cache" "prefix" "/registry/cache" "on" (get $on "docker-cache"))
  (dict "name" "dshuttle" "prefix" "/dshuttle" "on" (get $on "dshuttle"))
  (dict "name" "kubernetes" "prefix" "/kubernetes" "on" .Values.kubernetesApi.enabled "url" "https://kubernetes.default.svc")
-}}
{{- range $backend := $all }}
{{- if $backend.on }}
{{- if $backend.url }}
{{- $url := urlParse $backend.url }}
{{- $port := regexMatch ":[0-9]+$" $url.host | ternary "" (eq $url.scheme "https" | ternary ":443" ":80") }}
{{- $backend = merge (dict "scheme" $url.scheme "host" $url.host "path" (trimSuffix "/" $url.path) "address" (printf "%s%s" $url.host $port)) $backend }}
{{- else }}
{{- $service := dict "root" $ "service" $backend.name }}
{{- $_ := set $backend "address" (printf "%s:%s" (include "pai-common.serviceHost" $service) (include "pai-common.servicePort" $service)) }}
{{- end }}
- {{ omit $backend "on" "url" | toJson }}
{{- end }}
{{- end }}
{{- end -}}

{{/* pylon.backend (dict "root" . "name" "prometheus"): one of pylon.backends, as YAML; empty when it is off. */}}
{{- define "pylon.backend" -}}
{{- range include "pylon.backends" .root | fromYamlArray -}}
{{- if eq .name $.name -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* pylon.isInternal: "true" when pylon serves the release's own job that reports usage (cluster-utilization of alert-manager), on a port of its own. */}}
{{- define "pylon.isInternal" -}}
{{- if and .Values.usageReports (get .Values.backends "alert-manager") -}}true{{- end -}}
{{- end -}}

{{/*
pylon.prometheus: what leads to Prometheus: the release's own, which serves under /prometheus itself, or the admin's, with his path in place of /prometheus.
*/}}
{{- define "pylon.prometheus" -}}
{{- $backend := include "pylon.backend" (dict "root" . "name" "prometheus") | fromYaml -}}
{{- if $backend.host -}}
{{- $extra := include "pylon.headers" (dict "host" $backend.host) -}}
{{- if eq $backend.scheme "https" -}}
{{- $extra = include "pylon.verified" (dict "host" $backend.host "ca" (include "pylon.prometheusCa" .)) -}}
{{- end -}}
{{ include "pylon.strippedBody" (merge (dict "extra" $extra) $backend) }}
{{- else -}}
proxy_pass http://prometheus;
{{- end -}}
{{- end -}}

{{/* pylon.prometheusCa: the file of certificate authorities that an outside Prometheus is checked against. */}}
{{- define "pylon.prometheusCa" -}}
{{- .Values.prometheus.caConfigMap | empty | ternary "/etc/ssl/certs/ca-certificates.crt" "/etc/pylon-prometheus-ca/ca.crt" -}}
{{- end -}}

{{/* pylon.verified (dict "host" … "ca" …): an https backend outside the release is asked by its name, and its certificate checked. */}}
{{- define "pylon.verified" -}}
{{ include "pylon.outside" . }}
proxy_ssl_verify on;
proxy_ssl_verify_depth 5;
proxy_ssl_trusted_certificate {{ .ca }};
{{- end -}}

{{/* pylon.outside (dict "host" …): a backend outside the release is asked by its name. */}}
{{- define "pylon.outside" -}}
proxy_ssl_server_name on;
proxy_ssl_name {{ regexReplaceAll ":[0-9]+$" .host "" }};
{{ include "pylon.headers" (dict "host" .host) }}
{{- end -}}

{{/* pylon.dotSegments: a regular expression of request lines with `..` in the path, which a backend could take for something outside its prefix. */}}
{{- define "pylon.dotSegments" -}}
^[^?]*(/|%2f)(\.|%2e)(\.|%2e)(/|%2f|\?|$)
{{- end -}}

{{/* pylon.variable: a backend's name as part of an nginx variable. */}}
{{- define "pylon.variable" -}}
{{- . | replace "-" "_" -}}
{{- end -}}

{{/*
pylon.headers (dict "host" "$proxy_host" "extra" (list "Cookie \"\"")): what every backend is told. nginx forgets the server's headers in a location
that sets one, so such a location repeats them all through this helper.
*/}}
{{- define "pylon.headers" -}}
proxy_set_header Host {{ .host | default "$asked_host" }};
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Host $asked_host;
proxy_set_header X-Forwarded-Proto $client_scheme;
proxy_set_header Upgrade $websocket_upgrade;
proxy_set_header Connection $websocket_connection;
{{- range .extra }}
proxy_set_header {{ . }};
{{- end }}
{{- end -}}

{{/* pylon.securityHeaders (dict "root" . "policy" "…"): response headers; a location with an own Content-Security-Policy repeats them all. */}}
{{- define "pylon.securityHeaders" -}}
{{- $values := .root.Values -}}
add_header X-Content-Type-Options nosniff always;
add_header Referrer-Policy same-origin always;
add_header Content-Security-Policy "frame-ancestors {{ $values.frameAncestors }}{{ with .policy }}; {{ . }}{{ end }}" always;
{{- if and (include "pylon.terminatesTls" .root) $values.tls.hstsMaxAge }}
add_header Strict-Transport-Security "max-age={{ int $values.tls.hstsMaxAge }}" always;
{{- end }}
{{- end -}}

{{/*
pylon.stripped (a backend, and `extra`: more nginx directives): locations of a backend that knows nothing of its prefix. The path goes on as the user
sent it (`%2F` stays `%2F`); nginx would decode it when it takes off a prefix itself.
*/}}
{{- define "pylon.stripped" -}}
location {{ .prefix }}/ {
  {{- include "pylon.strippedBody" . | nindent 2 }}
}
{{- end -}}

{{/* pylon.strippedBody: the inside of such a location. */}}
{{- define "pylon.strippedBody" -}}
{{- $path := printf "$path_for_%s" (include "pylon.variable" .name) -}}
{{- $base := .path | default "" -}}
{{- $host := .host | default "$asked_host" -}}
if ({{ $path }} = "") {
  return 404;
}
proxy_pass {{ .scheme | default "http" }}://{{ .name }}{{ $base }}{{ $path }}$is_args$args;
proxy_redirect {{ $base }}/ {{ .prefix }}/;
proxy_redirect http://{{ $host }}{{ $base }}/ {{ .prefix }}/;
proxy_redirect https://{{ $host }}{{ $base }}/ {{ .prefix }}/;
{{- with .extra }}
{{ . }}
{{- end }}
{{- end -}}

{{/*
pylon.logManagerHosts: lines of an nginx map: what may stand before the port in /log-manager/<host>:<port>/ and the address that it leads to.
A name equal to another machine's address yields to the address; nginx refuses a map with a key twice.
*/}}
{{- define "pylon.logManagerHosts" -}}
{{- $targets := dict -}}
{{- range $name, $address := .Values.logManager.hosts -}}
{{- $_ := set $targets $name (contains ":" $address | ternary (printf "[%s]" $address) $address) -}}
{{- end -}}
{{- range $address := values .Values.logManager.hosts -}}
{{- if contains ":" $address -}}
{{- $_ := set $targets $address (printf "[%s]" $address) -}}
{{- $_ := set $targets (printf "[%s]" $address) (printf "[%s]" $address) -}}
{{- else -}}
{{- $_ := set $targets $address $address -}}
{{- end -}}
{{- end -}}
{{- range $key, $target := $targets }}
{{- /* These words mean something in a map unless a backslash stands before them. */}}
{{ has $key (list "default" "hostnames" "include" "volatile") | ternary "\\" "" }}{{ $key }} {{ $target }};
{{- end }}
{{- end -}}
