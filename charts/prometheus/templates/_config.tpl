{{/*
prometheus.address (dict "label" "__address__" "from" "__meta_kubernetes_pod_ip" "port" "__meta_kubernetes_pod_annotation_prometheus_io_port"): relabelling that writes
address:port into a label; an IPv6 address gets its brackets. `number` replaces `port` with a fixed one.
*/}}
{{- define "prometheus.address" -}}
{{- range $i, $address := list (dict "pattern" "([0-9.]+)" "form" "$1") (dict "pattern" "([0-9a-fA-F.]*:[0-9a-fA-F:.]+)" "form" "[$1]") }}
{{- if $i }}
{{ end -}}
- source_labels: [{{ $.from }}{{ with $.port }}, {{ . }}{{ end }}]
  separator: ;
  regex: {{ .pattern }}{{ if $.port }};([0-9]+){{ end }}
  target_label: {{ $.label }}
  replacement: "{{ .form }}:{{ if $.port }}$2{{ else }}{{ $.number }}{{ end }}"
{{- end }}
{{- end -}}

{{/*
prometheus.podRelabelling: from a discovered pod of OpenPAI to its target, shared with PodMonitors. `instance` is the address of the node with the exporter's port, because
dashboards, rules and the portal join on it.
*/}}
{{- define "prometheus.podRelabelling" -}}
- source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
  regex: "true"
  action: keep
- source_labels: [__meta_kubernetes_pod_phase]
  regex: Succeeded|Failed
  action: drop
- source_labels: [__meta_kubernetes_pod_container_init]
  regex: "true"
  action: drop
- source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
  regex: (.+)
  target_label: __metrics_path__
{{ include "prometheus.address" (dict "label" "__address__" "from" "__meta_kubernetes_pod_ip" "port" "__meta_kubernetes_pod_annotation_prometheus_io_port") }}
{{ include "prometheus.address" (dict "label" "instance" "from" "__meta_kubernetes_pod_host_ip" "port" "__meta_kubernetes_pod_annotation_prometheus_io_port") }}
- source_labels: [__meta_kubernetes_pod_name]
  target_label: scraped_from
- source_labels: [__meta_kubernetes_pod_label_app]
  target_label: pai_service_name
{{- end -}}

{{/* prometheus.dcgmRelabelling: a pod of the DCGM exporter: the node it is about. */}}
{{- define "prometheus.dcgmRelabelling" -}}
- source_labels: [__meta_kubernetes_pod_container_port_number]
  regex: {{ .Values.scrape.dcgm.port | toString | quote }}
  action: keep
- source_labels: [__meta_kubernetes_pod_node_name]
  target_label: node
{{ include "prometheus.address" (dict "label" "instance" "from" "__meta_kubernetes_pod_host_ip" "number" (.Values.scrape.dcgm.port | toString)) }}
{{- end -}}

{{/* prometheus.dcgmMetrics: what is kept of a DCGM exporter. */}}
{{- define "prometheus.dcgmMetrics" -}}
- source_labels: [__name__]
  regex: {{ join "|" .Values.scrape.dcgm.keep }}
  action: keep
- regex: container|[Hh]ostname|pci_bus_id|UUID|DCGM_FI_.+
  action: labeldrop
{{- end -}}

{{/* prometheus.dropMetrics: what nobody reads of OpenPAI's exporters. */}}
{{- define "prometheus.dropMetrics" -}}
- source_labels: [__name__]
  regex: {{ join "|" .Values.scrape.drop }}
  action: drop
{{- end -}}

{{/* prometheus.kubeletAccess: how kubelets are asked. */}}
{{- define "prometheus.kubeletAccess" -}}
scheme: https
authorization:
  credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token
tls_config:
  {{- if .Values.scrape.kubelet.caConfigMap }}
  ca_file: /etc/prometheus/kubelet-ca/{{ .Values.scrape.kubelet.caKey }}
  {{- else }}
  insecure_skip_verify: true
  {{- end }}
{{- end -}}

{{/* prometheus.nodes: nodes of the cluster that carry one of these labels. */}}
{{- define "prometheus.nodes" -}}
{{- range $i, $label := . -}}
{{- if $i }}
{{ end -}}
- role: node
  selectors:
    - {role: node, label: {{ $label | quote }}}
{{- end }}
{{- end -}}

{{/* prometheus.config: prometheus.yml. */}}
{{- define "prometheus.config" -}}
{{- $own := printf "app.kubernetes.io/part-of=openpai,app.kubernetes.io/instance=%s" .Release.Name -}}
{{- $pushgateway := "prometheus-pushgateway" -}}
global:
  scrape_interval: {{ .Values.scrapeInterval }}
  {{- /* Also the interval of recorded metrics of jobs: the usage report counts their samples. */}}
  evaluation_interval: {{ .Values.scrapeInterval }}
rule_files:
  - /etc/prometheus/rules/*.yaml
  {{- if .Values.customizedAlerts }}
  - /etc/prometheus/customized/*.rules
  {{- end }}
{{- if .Values.alertManager.enabled }}
alerting:
  alertmanagers:
    - api_version: v2
      path_prefix: /alert-manager
      static_configs:
        - targets:
            - {{ include "pai-common.serviceHost" (dict "root" . "service" "alert-manager") }}:{{ include "pai-common.servicePort" (dict "root" . "service" "alert-manager") }}
{{- end }}
scrape_configs:
  {{- /* Every pod of this release that asks for it by annotation. */}}
  - job_name: pai_service_exporter
    kubernetes_sd_configs:
      - role: pod
        namespaces:
          names: [{{ .Release.Namespace }}]
        selectors:
          - {role: pod, label: {{ $own | quote }}}
    relabel_configs:
      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_component]
        regex: {{ $pushgateway }}
        action: drop
      {{- include "prometheus.podRelabelling" . | nindent 6 }}
    metric_relabel_configs:
      {{- include "prometheus.dropMetrics" . | nindent 6 }}
  {{- /* What is pushed keeps the job and instance that it was pushed with. */}}
  - job_name: pai_pushgateway
    honor_labels: true
    kubernetes_sd_configs:
      - role: pod
        namespaces:
          names: [{{ .Release.Namespace }}]
        selectors:
          - {role: pod, label: "{{ $own }},app.kubernetes.io/component={{ $pushgateway }}"}
    relabel_configs:
      {{- include "prometheus.podRelabelling" . | nindent 6 }}
    metric_relabel_configs:
      {{- include "prometheus.dropMetrics" . | nindent 6 }}
  {{- if .Values.scrape.kubelet.enabled }}
  {{- /* How full volumes are, from the nodes that hold some of ours. */}}
  - job_name: kubelet
    scrape_interval: {{ .Values.scrape.kubelet.interval }}
    {{- include "prometheus.kubeletAccess" . | nindent 4 }}
    kubernetes_sd_configs:
      {{- include "prometheus.nodes" .Values.scrape.kubelet.volumeNodes | nindent 6 }}
    relabel_configs:
      - source_labels: [__meta_kubernetes_node_name]
        target_label: node
    metric_relabel_configs:
      - source_labels: [__name__, namespace]
        separator: ;
        regex: kubelet_volume_stats_(available_bytes|capacity_bytes|inodes|inodes_free);{{ .Release.Namespace }}
        action: keep
  {{- end }}
  {{- if include "prometheus.fromKubelet" . }}
  - job_name: kubelet-cadvisor
    {{- /* Samples carry times of their own, which would keep a container that is gone alive for five minutes. */}}
    honor_timestamps: false
    metrics_path: /metrics/cadvisor
    {{- include "prometheus.kubeletAccess" . | nindent 4 }}
    kubernetes_sd_configs:
      {{- include "prometheus.nodes" .Values.scrape.kubelet.containerNodes | nindent 6 }}
    relabel_configs:
      - source_labels: [__meta_kubernetes_node_name]
        target_label: node
    metric_relabel_configs:
      - source_labels: [__name__, namespace]
        separator: ;
        regex: machine_memory_bytes;|container_(cpu_usage_seconds_total|fs_(reads|writes)_bytes_total|memory_working_set_bytes|network_(receive|transmit)_bytes_total|spec_memory_limit_bytes);({{ list "default" .Release.Namespace | uniq | join "|" }})
        action: keep
      {{- /* Sums over a pod; each container is there as well. */}}
      - source_labels: [__name__, container]
        separator: ;
        regex: container_(cpu|fs|memory|spec)_.+;
        action: drop
      {{- /* The network of jobs is the machine's, and shown from there. */}}
      - source_labels: [__name__, namespace]
        separator: ;
        regex: container_network_.+;{{ ne .Release.Namespace "default" | ternary "default" "-" }}
        action: drop
      - regex: image|name|boot_id|machine_id|system_uuid
        action: labeldrop
  {{- end }}
  {{- with .Values.scrape.dcgm }}
  {{- if .enabled }}
  - job_name: dcgm-exporter
    {{- /* Its labels pod and namespace are those of who uses the GPU. */}}
    honor_labels: true
    kubernetes_sd_configs:
      - role: pod
        selectors:
          - {role: pod, label: {{ .selector | quote }}}
    relabel_configs:
      {{- include "prometheus.dcgmRelabelling" $ | nindent 6 }}
    metric_relabel_configs:
      {{- include "prometheus.dcgmMetrics" $ | nindent 6 }}
  {{- end }}
  {{- end }}
  {{- with .Values.scrape.kubeStateMetrics }}
  {{- if .enabled }}
  - job_name: kube-state-metrics
    honor_labels: true
    kubernetes_sd_configs:
      - role: pod
        selectors:
          - {role: pod, label: {{ .selector | quote }}}
    relabel_configs:
      - source_labels: [__meta_kubernetes_pod_container_port_number]
        regex: {{ .port | toString | quote }}
        action: keep
    metric_relabel_configs:
      - source_labels: [__name__, namespace]
        separator: ;
        regex: kube_pod_(info|status_phase);default
        action: keep
      {{- /* A pod has a series for each phase; one is read. */}}
      - source_labels: [__name__, phase]
        separator: ;
        regex: kube_pod_status_phase;(Failed|Running|Succeeded|Unknown)
        action: drop
  {{- end }}
  {{- end }}
  {{- with .Values.scrape.additional }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* prometheus.operatorRelabelling: relabelling as the Prometheus operator spells it, from Prometheus' own spelling. */}}
{{- define "prometheus.operatorRelabelling" -}}
{{- . | replace "source_labels:" "sourceLabels:" | replace "target_label:" "targetLabel:" -}}
{{- end -}}
