{{/* prometheus.isServed: "true" if this release runs its own Prometheus. */}}
{{- define "prometheus.isServed" -}}
{{- if .Values.server.enabled }}true{{ end -}}
{{- end -}}

{{/* prometheus.fromKubelet: "true" if metrics of jobs are computed from the kubelet's. */}}
{{- define "prometheus.fromKubelet" -}}
{{- if eq (include "pai-common.global" . | fromYaml).monitoring.jobMetrics "kubelet" }}true{{ end -}}
{{- end -}}

{{/* prometheus.tokens: what stands for <<name>> in the rule files, as YAML. */}}
{{- define "prometheus.tokens" -}}
{{- $tokens := dict
  "jobExporterPort" (include "pai-common.servicePort" (dict "root" . "service" "job-exporter"))
  "rateWindow" .Values.rateWindow
  "releaseNamespace" .Release.Namespace
  "scrapeInterval" .Values.scrapeInterval
  "serviceContainers" (join "|" .Values.rules.serviceContainers)
  "hostNetworkContainers" (join "|" .Values.rules.hostNetworkContainers)
  "serviceNames" (join "|" .Values.rules.serviceNames) -}}
{{- mustMerge $tokens (toYaml .Values.rules.thresholds | fromYaml) | toYaml -}}
{{- end -}}

{{/* prometheus.needs: for groups that are no use always, whether this release has what they read. */}}
{{- define "prometheus.needs" -}}
{{- $kubelet := include "prometheus.fromKubelet" . | not | not -}}
gpu-metrics: {{ and $kubelet .Values.scrape.dcgm.enabled }}
job-metrics: {{ $kubelet }}
job-info: {{ $kubelet }}
service-metrics: {{ $kubelet }}
dcgm: {{ .Values.scrape.dcgm.enabled }}
jobs: {{ .Values.scrape.kubeStateMetrics.enabled }}
{{- end -}}

{{/*
prometheus.ruleFiles: {name: {groups: …}} of each file of files/rules that is switched on, with its values put in, as YAML. The files hold templates of
Prometheus' own, so they never pass through tpl.
*/}}
{{- define "prometheus.ruleFiles" -}}
{{- $root := . -}}
{{- $tokens := include "prometheus.tokens" . | fromYaml -}}
{{- $on := toYaml .Values.rules.groups | fromYaml -}}
{{- $alerts := toYaml .Values.rules.alerts | fromYaml -}}
{{- $needs := include "prometheus.needs" . | fromYaml -}}
{{- $files := dict -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
  {{- $name := base $path | trimSuffix ".yaml" -}}
  {{- if and (get $on $name) (dig $name true $needs) -}}
    {{- $text := $root.Files.Get $path -}}
    {{- range $token, $value := $tokens -}}
      {{- $text = replace (printf "<<%s>>" $token) (toString $value) $text -}}
    {{- end -}}
    {{- $groups := list -}}
    {{- range (fromYaml $text).groups -}}
      {{- $rules := list -}}
      {{- range .rules -}}
        {{- if dig (.alert | default "") true $alerts -}}
          {{- $rules = append $rules . -}}
        {{- end -}}
      {{- end -}}
      {{- if $rules -}}
        {{- $groups = append $groups (set . "rules" $rules) -}}
      {{- end -}}
    {{- end -}}
    {{- if $groups -}}
      {{- $_ := set $files $name (dict "groups" $groups) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $files | toYaml -}}
{{- end -}}

{{/* prometheus.rulesData: the same as the data of a ConfigMap. */}}
{{- define "prometheus.rulesData" -}}
{{- range $name, $content := include "prometheus.ruleFiles" . | fromYaml }}
{{ $name }}.yaml: |
  {{- toYaml $content | nindent 2 }}
{{- end }}
{{- end -}}

{{/* prometheus.customizedData: the admin's own rule file and what judges it, as the data of a ConfigMap; nothing without one. */}}
{{- define "prometheus.customizedData" -}}
{{- if .Values.customizedAlerts -}}
customized.rules: {{ .Values.customizedAlerts | quote }}
check_rules.sh: |
  {{- .Files.Get "files/check_rules.sh" | nindent 2 }}
refused.rules: |
  {{- .Files.Get "files/refused.rules" | nindent 2 }}
{{- end -}}
{{- end -}}
