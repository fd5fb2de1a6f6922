{{/* alert-manager.part (dict "root" . "name" "alertHandler"): one of the chart's further workloads, as the dict that pai-common's helpers take. */}}
{{- define "alert-manager.part" -}}
{{- $components := dict
  "alertHandler" "alert-handler"
  "jobStatusChangeNotification" "job-status-change-notification"
  "clusterUtilization" "cluster-utilization"
  "certExpirationChecker" "cert-expiration-checker" -}}
{{- $component := get $components .name -}}
component: {{ $component }}
{{- /* Its full name would not fit the 63 characters of an object's name. */}}
service: {{ trimSuffix "-notification" $component }}
{{- end -}}

{{/* alert-manager.url: where the parts of the chart reach Alertmanager. It serves below /alert-manager, as pylon and all callers know it. */}}
{{- define "alert-manager.url" -}}
{{- include "pai-common.serviceUrl" (dict "root" . "service" "alert-manager") -}}
{{- end -}}

{{/* alert-manager.tokenFile: where Alertmanager finds the administrator's token. */}}
{{- define "alert-manager.tokenFile" -}}
/etc/alertmanager-token/pai-bearer-token
{{- end -}}

{{/*
alert-manager.webhook (dict "root" . "path" "stop-jobs" "resolved" false "token" true "most" 100): one call of the handler, told also when alerts end
(`resolved`), with the token, and with so many alerts at `most`: the image refuses more than 100 kB.
*/}}
{{- define "alert-manager.webhook" -}}
- url: {{ printf "%s/alert-handler/%s" (include "pai-common.serviceUrl" (dict "root" .root "service" "alert-handler")) .path | quote }}
  send_resolved: {{ .resolved | default false }}
  max_alerts: {{ .most | default 100 }}
  {{- if .token }}
  http_config:
    authorization:
      credentials_file: {{ include "alert-manager.tokenFile" .root }}
  {{- end }}
{{- end -}}

{{/* alert-manager.mail (dict "path" "send-email-to-user" "settings" (dict "template" "…")): the call that sends a mail of a template. */}}
{{- define "alert-manager.mail" -}}
{{- .path }}{{ with dig "template" "" (.settings | default dict) }}?template={{ urlquery . }}{{ end -}}
{{- end -}}

{{/* alert-manager.webhooks (dict "root" . "actions" $actions): the calls of a receiver's actions, without those that lack a setting. */}}
{{- define "alert-manager.webhooks" -}}
{{- $root := .root -}}
{{- $actions := .actions -}}
{{- $values := $root.Values -}}
{{- $email := $values.email.enabled -}}
{{- $token := $values.bearerToken.enabled -}}
{{- $hooks := list -}}
{{- if and $email (hasKey $actions "email-admin") -}}
{{- $hooks = append $hooks (dict "path" (include "alert-manager.mail" (dict "path" "send-email-to-admin" "settings" (get $actions "email-admin"))) "resolved" true) -}}
{{- end -}}
{{- if and $email $token (hasKey $actions "email-user") -}}
{{- $hooks = append $hooks (dict "path" (include "alert-manager.mail" (dict "path" "send-email-to-user" "settings" (get $actions "email-user"))) "token" true) -}}
{{- end -}}
{{- if and $token (hasKey $actions "stop-jobs") -}}
{{- $hooks = append $hooks (dict "path" "stop-jobs" "token" true) -}}
{{- end -}}
{{- if and $token (hasKey $actions "tag-jobs") -}}
{{- range (get $actions "tag-jobs").tags -}}
{{- $hooks = append $hooks (dict "path" (printf "tag-jobs/%s" (urlquery . | replace "+" "%20")) "token" true) -}}
{{- end -}}
{{- end -}}
{{- if and $values.actions.cordonNodes (hasKey $actions "cordon-nodes") -}}
{{- $hooks = append $hooks (dict "path" "cordon-nodes") -}}
{{- end -}}
{{- if and $values.actions.fixNvidiaGpuLowPerf (hasKey $actions "fix-nvidia-gpu-low-perf") -}}
{{- $hooks = append $hooks (dict "path" "fix-nvidia-gpu-low-perf") -}}
{{- end -}}
{{- range $i, $hook := $hooks }}
{{- if $i }}
{{ end -}}
{{- include "alert-manager.webhook" (merge (dict "root" $root) $hook) -}}
{{- end -}}
{{- end -}}

{{/* alert-manager.receivers: YAML list of {name, actions}: the chart's own receivers, then those of the values. */}}
{{- define "alert-manager.receivers" -}}
- name: pai-email-admin
  actions: {email-admin: {}}
- name: pai-cordon-nodes
  actions: {cordon-nodes: {}, email-admin: {}}
{{- with .Values.receivers }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* alert-manager.check: fails for what Alertmanager refuses at its start, when the old one is gone already. */}}
{{- define "alert-manager.check" -}}
{{- $names := list "pai-cluster-usage" "pai-job-status-change" -}}
{{- range include "alert-manager.receivers" . | fromYamlArray -}}
{{- if has .name $names -}}
{{- fail (printf "alert-manager: two receivers are named '%s'" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.routes -}}
{{- if not (has (.receiver | default "pai-email-admin") $names) -}}
{{- fail (printf "alert-manager: a route leads to receiver '%s', which does not exist" .receiver) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* alert-manager.config: Alertmanager's configuration. It holds no secret: the token is read from a file. */}}
{{- define "alert-manager.config" -}}
{{- include "alert-manager.check" . -}}
{{- $email := .Values.email.enabled -}}
global:
  resolve_timeout: 5m
route:
  receiver: pai-email-admin
  group_by: [alertname, alertstate, severity]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: {{ .Values.repeatInterval }}
  routes:
    {{- /* The same fault, as the job exporter and as NVIDIA's DCGM exporter see it. */}}
    - receiver: pai-cordon-nodes
      matchers: ['alertname=~"NvidiaSmiDoubleEccError|GpuDoubleEccError"']
    - receiver: pai-cluster-usage
      matchers: ['report_type="cluster-usage"']
    - receiver: pai-job-status-change
      matchers: ['alertname="PAIJobStatusChange"']
    {{- with .Values.routes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
receivers:
  {{- /* The images send these alerts without an end: a mail that they are over would say nothing. */}}
  - name: pai-cluster-usage
    webhook_configs:
      {{- if $email }}
      {{- include "alert-manager.webhook" (dict "root" . "path" "send-email-to-admin?template=cluster-usage" "most" 200) | nindent 6 }}
      {{- else }} []
      {{- end }}
  - name: pai-job-status-change
    webhook_configs:
      {{- if and $email .Values.bearerToken.enabled }}
      {{- include "alert-manager.webhook" (dict "root" . "path" "send-email-to-user?template=job-status-change" "token" true) | nindent 6 }}
      {{- else }} []
      {{- end }}
  {{- range include "alert-manager.receivers" . | fromYamlArray }}
  - name: {{ .name | quote }}
    webhook_configs:
      {{- with include "alert-manager.webhooks" (dict "root" $ "actions" .actions) }}
      {{- . | nindent 6 }}
      {{- else }} []
      {{- end }}
  {{- end }}
inhibit_rules:
  {{- /* On a node that is gone no service can be ready. */}}
  - source_matchers: ['alertname="NodeNotReady"']
    target_matchers: ['alertname=~"PaiServicePodNotRunning|PaiServicePodNotReady"']
    equal: [node_name]
{{- end -}}

{{/* alert-manager.templates: {template: {file: text}} of every mail template, as YAML. */}}
{{- define "alert-manager.templates" -}}
{{- $templates := dict -}}
{{- range $path, $_ := .Files.Glob "files/templates/*/*.ejs" -}}
{{- $name := dir $path | base -}}
{{- $_ := set $templates $name (set (get $templates $name | default dict) (base $path) ($.Files.Get $path)) -}}
{{- end -}}
{{- range $name, $given := .Values.templates -}}
{{- $files := dict -}}
{{- range $file, $text := $given -}}
{{- $_ := set $files (printf "%s.ejs" $file) $text -}}
{{- end -}}
{{- $_ := set $templates $name $files -}}
{{- end -}}
{{- toYaml $templates -}}
{{- end -}}
