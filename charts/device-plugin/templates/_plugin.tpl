{{/*
device-plugin.plugins: every plugin by name, in the form of `plugins`; FUSE is one, and its container keeps its legacy name for the job exporter.
*/}}
{{- define "device-plugin.plugins" -}}
{{- $plugins := deepCopy .Values.plugins -}}
{{- if .Values.fuse.enabled -}}
{{- $device := dict "hostPath" "/dev/fuse" "containerPath" "/dev/fuse" "permission" "rwm" -}}
{{- $config := dict "resourceName" "github.com/fuse" "socketName" "fuse.sock" "numDevices" (int64 .Values.fuse.numDevices) "hostDevices" (list $device) -}}
{{- /* Privileged, because a confined container may not write into kubelet's folder where SELinux is enforced. The plugin hands out what it sees itself, so it sees /dev/fuse;
a node without that device shows so in the pod's events, rather than taking jobs that then miss it. */ -}}
{{- $fuse := dict "container" "k8s-host-device-plugin-ctr" "image" .Values.fuse.image "privileged" true "configFile" "/k8s-host-device-plugin/config.json" "config" (toJson $config)
  "hostPaths" (list (dict "path" "/dev/fuse" "type" "CharDevice")) -}}
{{- $_ := set $plugins "fuse" $fuse -}}
{{- end -}}
{{- toYaml $plugins -}}
{{- end -}}

{{/* device-plugin.names (dict "name" "fuse"): arguments for pai-common: component of a plugin, and service name of its objects. */}}
{{- define "device-plugin.names" -}}
component: device-plugin-{{ .name }}
service: device-plugin-{{ .name }}
{{- end -}}
