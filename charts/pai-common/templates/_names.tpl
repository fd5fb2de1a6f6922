{{/*
pai-common.prefix: what every object name of the release starts with: the release name, or `global.fullnameOverride`.
At most 38 characters, so that the longest service name still fits the 63 of a DNS label; a longer one is cut and
ends in a hash of the whole, so that two long names stay apart.
*/}}
{{- define "pai-common.prefix" -}}
{{- $root := .root | default . -}}
{{- $name := (include "pai-common.global" $root | fromYaml).fullnameOverride | default $root.Release.Name -}}
{{- if gt (len $name) 38 -}}
{{- printf "%s-%s" ($name | trunc 29 | trimSuffix "-") (sha256sum $name | trunc 8) -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}

{{/* pai-common.serviceName (dict "root" . "service" "postgresql"): the name of another service's objects. */}}
{{- define "pai-common.serviceName" -}}
{{- printf "%s-%s" (include "pai-common.prefix" .root) .service -}}
{{- end -}}

{{/* pai-common.fullname: the name of this chart's objects in the release namespace. */}}
{{- define "pai-common.fullname" -}}
{{- $root := .root | default . -}}
{{- include "pai-common.serviceName" (dict "root" $root "service" $root.Chart.Name) -}}
{{- end -}}

{{/*
pai-common.statefulSetName: pai-common.fullname, cut to 52 characters: pods carry it with a hash in a label, which holds 63.
(dict "root" . "service" "frameworkcontroller") gives that of another chart; its pods are numbered from `-0`.
*/}}
{{- define "pai-common.statefulSetName" -}}
{{- $root := .root | default . -}}
{{- include "pai-common.serviceName" (dict "root" $root "service" (.service | default $root.Chart.Name)) | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* pai-common.clusterName: the name of this chart's cluster-scoped objects, and of its objects in fixed namespaces. */}}
{{- define "pai-common.clusterName" -}}
{{- $root := .root | default . -}}
{{- printf "%s-%s" $root.Release.Namespace (include "pai-common.fullname" $root) -}}
{{- end -}}

{{/* pai-common.serviceHost (dict "root" . "service" "postgresql"): the cluster DNS name of a service. */}}
{{- define "pai-common.serviceHost" -}}
{{- printf "%s.%s.svc" (include "pai-common.serviceName" .) .root.Release.Namespace -}}
{{- end -}}

{{/* pai-common.serviceUrl (dict "root" . "service" "rest-server"): http://host:port of a service, for pods of the cluster. */}}
{{- define "pai-common.serviceUrl" -}}
{{- printf "http://%s:%s" (include "pai-common.serviceHost" .) (include "pai-common.servicePort" .) -}}
{{- end -}}

{{/*
pai-common.serviceAccountName: the service account of this chart's pods. A second workload of a chart calls it with
(dict "root" . "service" "kube-scheduler" "values" .Values.kubeScheduler).
*/}}
{{- define "pai-common.serviceAccountName" -}}
{{- $root := .root | default . -}}
{{- $values := .values | default $root.Values -}}
{{- $default := include "pai-common.serviceName" (dict "root" $root "service" (.service | default $root.Chart.Name)) -}}
{{- dig "name" "" ($values.serviceAccount | default dict) | default $default -}}
{{- end -}}
