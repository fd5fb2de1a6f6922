{{/*
pai-common.root gives the chart context, whether a helper was called with `.` or with (dict "root" . …).
Helm templates can't return an object, so callers write: {{- $root := .root | default . -}}

pai-common.global: the umbrella's `global` values over their defaults, as YAML (read it with fromYaml).
A subchart rendered alone has no `global`, so every default a template relies on stands here.
*/}}
{{- define "pai-common.global" -}}
{{- $root := .root | default . -}}
{{- $defaults := include "pai-common.globalDefaults" $root | fromYaml -}}
{{- mustMergeOverwrite $defaults (deepCopy ($root.Values.global | default dict)) | toYaml -}}
{{- end -}}

{{- define "pai-common.globalDefaults" -}}
clusterId: pai
externalUrl: ""
imageRegistry: ""
imagePullSecrets: []
imagePullPolicy: IfNotPresent
paiImages:
  registry: ""
  namespace: openpai
  tag: v1.8.0
jobPullSecret: pai-secret
fullnameOverride: ""
qos: false
priorityClassName: pai-daemon-priority
commonLabels: {}
commonAnnotations: {}
networkPolicy:
  enabled: true
credentials:
  existingSecret: ""
  revision: ""
database:
  host: ""
  name: openpai
  user: root
hived:
  enabled: true
monitoring:
  jobMetrics: exporter
  namespaces: []
  operator:
    enabled: false
    labels: {}
servicePorts: {}
{{- end -}}

{{/*
pai-common.servicePort (dict "root" . "service" "rest-server"): the port of a service's ClusterIP Service.
The numbers are the legacy ones; `global.servicePorts.<service>` replaces one of them for all who call it.
*/}}
{{- define "pai-common.servicePort" -}}
{{- $defaults := dict
  "alert-handler" 9095 "alert-manager" 9093 "database-controller" 9748 "docker-cache" 5000 "dshuttle" 30999
  "grafana" 3000 "hivedscheduler" 30096 "k8s-dashboard" 9090 "log-manager" 9103 "marketplace-db" 9291
  "marketplace-restserver" 9292 "marketplace-webportal" 9293 "node-exporter" 9100 "job-exporter" 9102 "job-info" 9104
  "postgresql" 5432 "prometheus" 9091 "prometheus-pushgateway" 9097 "pylon" 80 "pylon-https" 443
  "pylon-internal" 8088 "rest-server" 9186 "watchdog" 9101 "webportal" 9286 -}}
{{- $ports := (include "pai-common.global" . | fromYaml).servicePorts -}}
{{- $port := get $ports .service | default (get $defaults .service) -}}
{{- required (printf "pai-common.servicePort: no port is known for service '%s'" .service) $port | int -}}
{{- end -}}
