{{/* job-exporter.mode: `exporter` (the daemon) or `kubelet` (job-info). */}}
{{- define "job-exporter.mode" -}}
{{- (include "pai-common.global" . | fromYaml).monitoring.jobMetrics -}}
{{- end -}}

{{/* job-exporter.scripts: what lies in front of the daemon's PATH. */}}
{{- define "job-exporter.scripts" -}}
{{- range $name := list "docker" "nvidia-smi" "start.py" }}
{{ $name }}: |
  {{- $.Files.Get (printf "files/%s" $name) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* job-exporter.jobInfoScripts: the script of job-info. */}}
{{- define "job-exporter.jobInfoScripts" -}}
job_info.py: |
  {{- .Files.Get "files/job_info.py" | nindent 2 }}
{{- end -}}

{{/*
job-exporter.affinity (dict "root" . "gpus" "In"): affinity of a DaemonSet's pods: the placement, or what the values give; with `gpus` (In or NotIn) each
of its alternatives also says whether the node has NVIDIA GPUs, so that no node gets two exporters.
*/}}
{{- define "job-exporter.affinity" -}}
{{- $affinity := deepCopy .root.Values.affinity -}}
{{- $expressions := list -}}
{{- if not $affinity -}}
{{- $expressions = append $expressions (dict "key" "no-jobexporter" "operator" "NotIn" "values" (list "true")) -}}
{{- end -}}
{{- with .gpus -}}
{{- $expressions = append $expressions (dict "key" $.root.Values.nvidia.nodeLabel "operator" . "values" (list "true")) -}}
{{- end -}}
{{- if $expressions -}}
{{- $terms := list -}}
{{- range dig "nodeAffinity" "requiredDuringSchedulingIgnoredDuringExecution" "nodeSelectorTerms" (list dict) $affinity -}}
{{- $terms = append $terms (mustMerge (dict "matchExpressions" (concat (.matchExpressions | default list) $expressions)) .) -}}
{{- end -}}
{{- $required := dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms) -}}
{{- $affinity = mustMergeOverwrite $affinity (dict "nodeAffinity" $required) -}}
{{- end -}}
{{- toYaml $affinity -}}
{{- end -}}
