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
