{{/*
dshuttle-master.options (dict "root" . "name" "ALLUXIO_JAVA_OPTS"): the Java options of one environment variable. Java takes the last of two
settings of one property, so `extraOptions` stands last.
*/}}
{{- define "dshuttle-master.options" -}}
{{- $values := .root.Values -}}
{{- $options := list (get $values.environment .name) (get $values.extraOptions .name) -}}
{{- if eq .name "ALLUXIO_JAVA_OPTS" -}}
{{- $options = prepend $options (printf "-Dalluxio.master.hostname=%s" (include "pai-common.serviceHost" (dict "root" .root "service" "dshuttle"))) -}}
{{- end -}}
{{- join " " ($options | compact) | trim -}}
{{- end -}}

{{/* dshuttle-master.logFiles: each process's name in Alluxio's log settings, and the stem of its file. */}}
{{- define "dshuttle-master.logFiles" -}}
MASTER: master
SECONDARY_MASTER: secondary_master
MASTER_AUDIT: master_audit
JOB_MASTER: job_master
WORKER: worker
JOB_WORKER: job_worker
PROXY: proxy
FUSE: fuse
{{- end -}}

{{/* dshuttle-master.memory (request and limit): a container's resources. */}}
{{- define "dshuttle-master.memory" -}}
requests: {memory: {{ .request | toString | quote }}}
limits: {memory: {{ .limit | toString | quote }}}
{{- end -}}
