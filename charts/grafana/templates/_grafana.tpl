{{/* grafana.path: where Grafana serves, below the address that users type. pylon leads here, and the portal frames it. */}}
{{- define "grafana.path" -}}
/grafana
{{- end -}}

{{/* grafana.dashboards: {file name: name of its ConfigMap}, as YAML. */}}
{{- define "grafana.dashboards" -}}
{{- range $path, $_ := .Files.Glob "dashboards/*.json" }}
{{ base $path }}: {{ include "pai-common.fullname" $ }}-{{ base $path | trimSuffix ".json" | replace "_" "-" }}
{{- end }}
{{- end -}}

{{/* grafana.settings: Grafana's settings, as a YAML map for pai-common.env. */}}
{{- define "grafana.settings" -}}
{{- $global := include "pai-common.global" . | fromYaml -}}
{{- $url := $global.externalUrl | default "http://localhost" -}}
# Where it serves
GF_SERVER_HTTP_PORT: {{ include "pai-common.servicePort" (dict "root" . "service" "grafana") }}
GF_SERVER_ROOT_URL: {{ printf "%s%s/" $url (include "grafana.path" .) }}
GF_SERVER_SERVE_FROM_SUB_PATH: true
GF_SERVER_ENABLE_GZIP: true
# Who may do what. pylon says who may show pages in a frame; browsers send the cookie only where the page itself came from.
GF_SECURITY_ADMIN_USER: admin
GF_SECURITY_ADMIN_PASSWORD: {{- include "pai-common.credential" (dict "root" . "key" "grafana-admin-password") | nindent 2 }}
GF_SECURITY_ALLOW_EMBEDDING: true
GF_SECURITY_COOKIE_SECURE: {{ hasPrefix "https://" $url }}
GF_SECURITY_COOKIE_SAMESITE: lax
GF_AUTH_ANONYMOUS_ENABLED: {{ .Values.anonymous.enabled }}
GF_AUTH_ANONYMOUS_ORG_ROLE: {{ .Values.anonymous.role }}
GF_AUTH_ANONYMOUS_HIDE_VERSION: true
GF_USERS_ALLOW_SIGN_UP: false
GF_USERS_DEFAULT_THEME: {{ .Values.theme }}
GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: /etc/openpai/dashboards/pai_clusterview.json
# Nothing is told to, or fetched from, the internet.
GF_ANALYTICS_REPORTING_ENABLED: false
GF_ANALYTICS_CHECK_FOR_UPDATES: false
GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: false
GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: false
GF_NEWS_NEWS_FEED_ENABLED: false
GF_PLUGINS_PREINSTALL_DISABLED: true
GF_PLUGINS_PLUGIN_ADMIN_ENABLED: false
GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: true
GF_SECURITY_DISABLE_GRAVATAR: true
GF_SNAPSHOTS_ENABLED: false
GF_SNAPSHOTS_EXTERNAL_ENABLED: false
GF_PUBLIC_DASHBOARDS_ENABLED: false
# Alerts are Prometheus' and Alertmanager's. Metrics of its own would be open to everybody on the same port, and no dashboard streams.
GF_UNIFIED_ALERTING_ENABLED: false
GF_METRICS_ENABLED: false
GF_LIVE_MAX_CONNECTIONS: 0
GF_LOG_MODE: console
GF_LOG_LEVEL: {{ .Values.server.logLevel }}
{{- end -}}

{{/* grafana.datasource (dict "root" . "isDefault" true): the data source of all dashboards, as a provisioning file. */}}
{{- define "grafana.datasource" -}}
{{- $own := printf "%s/prometheus" (include "pai-common.serviceUrl" (dict "root" .root "service" "prometheus")) -}}
apiVersion: 1
datasources:
  - name: PM
    uid: PM
    type: prometheus
    access: proxy
    url: {{ .root.Values.prometheus.url | default $own | trimSuffix "/" }}
    isDefault: {{ .isDefault }}
    editable: false
    jsonData:
      httpMethod: POST
      timeInterval: {{ int64 .root.Values.prometheus.scrapeIntervalSeconds }}s
      manageAlerts: false
{{- end -}}

{{/* grafana.provisioning: what Grafana reads at its start, as the data of a ConfigMap. */}}
{{- define "grafana.provisioning" -}}
datasources.yaml: |
  {{- include "grafana.datasource" (dict "root" . "isDefault" true) | nindent 2 }}
dashboards.yaml: |
  apiVersion: 1
  providers:
    - name: openpai
      folder: OpenPAI
      folderUid: openpai
      type: file
      disableDeletion: false
      allowUiUpdates: false
      updateIntervalSeconds: 60
      options:
        path: /etc/openpai/dashboards
{{- end -}}
