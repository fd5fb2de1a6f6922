{{/*
alert-manager.cronJob (dict "root" . "name" "clusterUtilization" "own" .Values.clusterUtilization "env" (dict …) "memory" "256Mi" "hostFile" (dict "path" … "mountPath" …)): one of
the two regular jobs. Failed pods are left for their log.
*/}}
{{- define "alert-manager.cronJob" -}}
{{- $root := .root }}
{{- $own := .own }}
{{- $part := merge (dict "root" $root "values" $own) (include "alert-manager.part" . | fromYaml) }}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "pai-common.serviceName" $part | trunc 52 | trimSuffix "-" }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "pai-common.labels" $part | nindent 4 }}
spec:
  schedule: {{ $own.schedule | quote }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 1
  jobTemplate:
    metadata:
      labels: {{- include "pai-common.labels" $part | nindent 8 }}
    spec:
      backoffLimit: 3
      activeDeadlineSeconds: 3600
      template:
        metadata:
          {{- /* No label `app`: watchdog would count a pod that has ended as one that is not ready. */}}
          labels: {{- omit (include "pai-common.podLabels" $part | fromYaml) "app" | toYaml | nindent 12 }}
          {{- with include "pai-common.podAnnotations" $part | fromYaml }}
          annotations: {{- toYaml . | nindent 12 }}
          {{- end }}
        spec:
          serviceAccountName: {{ include "pai-common.serviceAccountName" $part }}
          automountServiceAccountToken: false
          enableServiceLinks: false
          restartPolicy: Never
          {{- include "pai-common.scheduling" (dict "root" $root "placement" "master" "values" $own) | nindent 10 }}
          securityContext: {{- include "pai-common.podSecurityContext" (dict "root" $root "values" $own "defaults" (dict "runAsUser" 65534 "runAsGroup" 65534)) | nindent 12 }}
          containers:
            - name: {{ $part.component }}
              image: {{ include "pai-common.image" (dict "root" $root "image" $own.image "pai" true) }}
              imagePullPolicy: {{ include "pai-common.imagePullPolicy" (dict "root" $root "image" $own.image) }}
              env: {{- include "pai-common.env" (dict "env" .env "extra" $own.extraEnv) | nindent 16 }}
              resources: {{- include "pai-common.resources" (dict "root" $root "resources" $own.resources "qos" (dict "requests" (dict "cpu" "50m" "memory" "64Mi") "limits" (dict "memory" .memory))) | nindent 16 }}
              securityContext: {{- include "pai-common.securityContext" (dict "root" $root "values" $own) | nindent 16 }}
              {{- with .hostFile }}
              volumeMounts:
                - {name: host-file, mountPath: {{ .mountPath }}, readOnly: true}
              {{- end }}
          {{- with .hostFile }}
          volumes:
            - name: host-file
              hostPath: {path: {{ .path | quote }}, type: File}
          {{- end }}
{{- end -}}
