{{/*
pai-common.selectorLabels: call with `.`, or with (dict "root" . "component" "scheduler") for a second workload of a chart.
These are immutable on a workload: nothing versioned may ever enter here.
*/}}
{{- define "pai-common.selectorLabels" -}}
{{- $root := .root | default . -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ .component | default $root.Chart.Name }}
{{- end -}}

{{/* pai-common.labels: metadata labels of every object; same arguments as pai-common.selectorLabels. */}}
{{- define "pai-common.labels" -}}
{{- $root := .root | default . -}}
{{- $own := include "pai-common.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "openpai" -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/version" ($root.Chart.AppVersion | default $root.Chart.Version | toString) -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $common := (include "pai-common.global" $root | fromYaml).commonLabels -}}
{{- mustMerge $own $common | toYaml -}}
{{- end -}}

{{/*
pai-common.podLabels (dict "root" . "component" … "app" "rest-server"): labels of a pod template. `app` is the legacy label that
Prometheus, watchdog and dashboards select by. `values` replaces the chart's own values as the place of `podLabels`.
*/}}
{{- define "pai-common.podLabels" -}}
{{- $root := .root | default . -}}
{{- $labels := include "pai-common.selectorLabels" . | fromYaml -}}
{{- $_ := set $labels "app" (.app | default .component | default $root.Chart.Name) -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "openpai" -}}
{{- $labels = mustMerge $labels ((.values | default $root.Values).podLabels | default dict) (include "pai-common.global" $root | fromYaml).commonLabels -}}
{{- toYaml $labels -}}
{{- end -}}

{{/* pai-common.keep: annotations of objects that hold data, so that `helm uninstall` leaves them. */}}
{{- define "pai-common.keep" -}}
helm.sh/resource-policy: keep
{{- end -}}
