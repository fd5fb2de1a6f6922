{{/*
pai-common.serviceAccount (dict "root" . "automount" true): a ServiceAccount; pods that call no API server get no token.
`service`, `component` and `values` are for a second workload of a chart, see pai-common.serviceAccountName.
*/}}
{{- define "pai-common.serviceAccount" -}}
{{- $values := .values | default .root.Values -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "pai-common.serviceAccountName" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "pai-common.labels" . | nindent 4 }}
  {{- with dig "annotations" dict ($values.serviceAccount | default dict) }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: {{ .automount | default false }}
{{- end -}}

{{/* pai-common.podDisruptionBudget (dict "root" . "component" … "replicas" .Values.replicas): only where more than one copy runs. */}}
{{- define "pai-common.podDisruptionBudget" -}}
{{- if gt (int .replicas) 1 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "pai-common.fullname" .root }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "pai-common.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "pai-common.selectorLabels" . | nindent 6 }}
{{- end -}}
{{- end -}}

{{/*
pai-common.networkPolicy (dict "root" . "component" … "name" … "allow" (list (dict "from" (list "pylon") "ports" (list 8080)))): the ingress that one
workload accepts. `from` names components of this release (the `helm test` pods always join them); an empty list means everybody. An empty `allow` closes the pod.
Where `prometheus` may come in, so may the namespaces of `global.monitoring.namespaces`, where a Prometheus of the cluster runs.
Further rules come from `networkPolicy.extraIngress` (of `values`, when given); `global.networkPolicy.enabled: false` leaves all policies out.
*/}}
{{- define "pai-common.networkPolicy" -}}
{{- $root := .root -}}
{{- if (include "pai-common.global" $root | fromYaml).networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name | default (include "pai-common.fullname" $root) }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "pai-common.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "pai-common.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress]
  {{- $extra := dig "extraIngress" list ((.values | default $root.Values).networkPolicy | default dict) }}
  {{- if or .allow $extra }}
  ingress:
    {{- range .allow }}
    - {{- if .from }}
      from:
        {{- range append .from "helm-test" }}
        - podSelector:
            matchLabels:
              app.kubernetes.io/instance: {{ $root.Release.Name }}
              app.kubernetes.io/component: {{ . }}
        {{- end }}
        {{- if has "prometheus" .from }}
        {{- range (include "pai-common.global" $root | fromYaml).monitoring.namespaces }}
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ . }}
        {{- end }}
        {{- end }}
      {{- end }}
      ports:
        {{- range .ports }}
        - port: {{ . }}
          protocol: TCP
        {{- end }}
    {{- end }}
    {{- with $extra }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- else }}
  ingress: []
  {{- end }}
{{- end -}}
{{- end -}}
