{{/*
Python scripts that run in the OpenPAI runtime image (Python 3.7). They lie in one ConfigMap, made by cluster-configuration.
*/}}
{{- define "pai-common.scriptsConfigMap" -}}
{{- include "pai-common.serviceName" (dict "root" (.root | default .) "service" "scripts") -}}
{{- end -}}

{{- define "pai-common.scriptsVolume" -}}
- name: scripts
  configMap:
    name: {{ include "pai-common.scriptsConfigMap" . }}
{{- end -}}

{{/*
pai-common.waitFor (dict "root" . "targets" (list "tcp://host:5432" "http://host/path") "timeoutSeconds" 900): an init container that waits, bounded,
and says in one line every ten seconds for what. Needs pai-common.scriptsVolume. `token` mounts nothing: the targets are plain. `env` is a map as for pai-common.env, for `$(NAME)` in a target.
*/}}
{{- define "pai-common.waitFor" -}}
- name: wait-for-dependencies
  image: {{ include "pai-common.runtimeImage" .root }}
  imagePullPolicy: {{ (include "pai-common.global" .root | fromYaml).imagePullPolicy }}
  command: [python3, /scripts/wait_for.py]
  args:
    - --timeout={{ .timeoutSeconds | default 900 }}
    {{- range .targets }}
    - {{ . | quote }}
    {{- end }}
  {{- with .env }}
  env: {{- include "pai-common.env" (dict "env" .) | nindent 4 }}
  {{- end }}
  resources:
    requests: {cpu: 10m, memory: 32Mi}
    limits: {cpu: 200m, memory: 64Mi}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    runAsUser: 65534
    capabilities: {drop: [ALL]}
  volumeMounts:
    - {name: scripts, mountPath: /scripts, readOnly: true}
{{- end -}}

{{/*
pai-common.testPod (dict "root" . "targets" (list "http://host:port/path")): a `helm test` pod that asks each target once it answers, for two minutes.
With `placement` or `optOut` it runs where the chart's own pods do (see pai-common.scheduling); `env` as for pai-common.waitFor.
*/}}
{{- define "pai-common.testPod" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "pai-common.fullname" .root }}-test
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "pai-common.labels" (dict "root" .root "component" "helm-test") | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  {{- include "pai-common.imagePullSecrets" .root | nindent 2 }}
  {{- if or .placement .optOut }}
  {{- include "pai-common.affinity" . | nindent 2 }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65534
    seccompProfile: {type: RuntimeDefault}
  {{- with .root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    {{- include "pai-common.waitFor" (dict "root" .root "targets" .targets "env" .env "timeoutSeconds" 120) | replace "wait-for-dependencies" "test" | nindent 4 }}
  volumes:
    {{- include "pai-common.scriptsVolume" .root | nindent 4 }}
{{- end -}}
