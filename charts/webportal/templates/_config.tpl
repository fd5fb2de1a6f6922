{{/*
webportal.settings: the script /env.js that every page loads first, with all settings of the image's env.js.template. The image would make
it from its environment at the start; placed whole, it needs no writable files, and quotes in a value can't break it.
*/}}
{{- define "webportal.settings" -}}
{{- $global := include "pai-common.global" . | fromYaml -}}
{{- $settings := dict
  "restServerUri" .Values.urls.restServer
  "marketplaceUri" .Values.urls.marketplaceApi
  "saveTemplate" (.Values.saveTemplates | toString)
  "prometheusUri" (printf "%s/prometheus" .Values.urls.prometheus)
  "grafanaUri" .Values.urls.grafana
  "k8sDashboardUri" .Values.urls.kubernetesDashboard
  "exporterPort" (include "pai-common.servicePort" (dict "root" . "service" "node-exporter"))
  "promScrapeTime" (printf "%ds" (int64 .Values.metricsWindowSeconds))
  "authnMethod" .Values.authenticationMethod
  "launcherType" "k8s"
  "launcherScheduler" (ternary "hivedscheduler" "defaultscheduler" $global.hived.enabled)
  "enableJobTransfer" (.Values.jobTransfer | toString)
  "yarnWebPortalUri" ""
  "pylonAddress" ""
  "webHDFSUri" ""
-}}
window.ENV = {{ toPrettyJson $settings }};

window.PAI_PLUGINS = {{ toPrettyJson .Values.plugins }};
{{- end -}}
