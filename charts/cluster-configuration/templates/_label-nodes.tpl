{{- define "cluster-configuration.labelNodesPodTemplate" -}}
metadata:
  labels: {{- include "pai-common.podLabels" (dict "root" . "component" "label-nodes") | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: OnFailure
  serviceAccountName: {{ include "pai-common.serviceAccountName" . }}
  {{- include "pai-common.scheduling" (dict "root" . "placement" "any") | nindent 2 }}
  securityContext: {{- include "pai-common.podSecurityContext" (dict "root" . "defaults" (dict "runAsUser" 65534 "runAsGroup" 65534)) | nindent 4 }}
  containers:
    - name: label-nodes
      image: {{ include "pai-common.runtimeImage" . }}
      imagePullPolicy: {{ (include "pai-common.global" . | fromYaml).imagePullPolicy }}
      command: [python3, /scripts/label_nodes.py, /layout/groups.json]
      env: {{- include "pai-common.env" (dict "env" (dict "PYTHONUNBUFFERED" "1") "extra" .Values.extraEnv) | nindent 8 }}
      resources:
        {{- with .Values.resources }}
        {{- toYaml . | nindent 8 }}
        {{- else }}
        requests: {cpu: 50m, memory: 64Mi}
        limits: {memory: 256Mi}
        {{- end }}
      securityContext: {{- include "pai-common.securityContext" (dict "root" .) | nindent 8 }}
      volumeMounts:
        - {name: scripts, mountPath: /scripts, readOnly: true}
        - {name: layout, mountPath: /layout, readOnly: true}
  volumes:
    {{- include "pai-common.scriptsVolume" . | nindent 4 }}
    - name: layout
      configMap:
        name: {{ include "pai-common.serviceName" (dict "root" . "service" "label-nodes") }}
{{- end -}}
