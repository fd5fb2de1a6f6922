{{/*
pai-common.scheduling (dict "root" . "placement" "master" "values" .Values): the pod fields that say where and how important.
placement: master = node label pai-master=true, worker = pai-worker=true, any = every node without the `optOut` label
(legacy deploy-rules). `beside` is a component of this release: only the node of one of its pods. `affinity` given in values replaces all of this.
*/}}
{{- define "pai-common.scheduling" -}}
{{- $values := .values | default .root.Values -}}
{{- $global := include "pai-common.global" .root | fromYaml -}}
{{- with $values.priorityClassName | default $global.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- include "pai-common.imagePullSecrets" .root }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "pai-common.affinity" . }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* pai-common.affinity: the `affinity` of a pod, part of pai-common.scheduling and with the same arguments. */}}
{{- define "pai-common.affinity" -}}
{{- $values := .values | default .root.Values -}}
{{- if $values.affinity }}
affinity: {{- toYaml $values.affinity | nindent 2 }}
{{- else if or (has .placement (list "master" "worker" "storage")) .optOut .beside }}
affinity:
  {{- with .beside }}
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            app.kubernetes.io/instance: {{ $.root.Release.Name }}
            app.kubernetes.io/component: {{ . }}
  {{- end }}
  {{- if or (has .placement (list "master" "worker" "storage")) .optOut }}
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            {{- if has .placement (list "master" "worker" "storage") }}
            - key: pai-{{ .placement }}
              operator: In
              values: ["true"]
            {{- end }}
            {{- with .optOut }}
            - key: {{ . }}
              operator: NotIn
              values: ["true"]
            {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* pai-common.imagePullSecrets: `imagePullSecrets` of a pod: the release's own pull secret and those of global.imagePullSecrets. */}}
{{- define "pai-common.imagePullSecrets" -}}
{{- $root := .root | default . -}}
{{- $global := include "pai-common.global" $root | fromYaml -}}
{{- $names := concat (list $global.jobPullSecret) $global.imagePullSecrets | uniq | compact }}
imagePullSecrets:
  {{- range $names }}
  - name: {{ . }}
  {{- end }}
{{- end -}}

{{/*
pai-common.podSecurityContext (dict "root" . "defaults" (dict "runAsUser" 1000)): the restricted profile, then `defaults` of the
template (what the image needs), then the user's `podSecurityContext`.
*/}}
{{- define "pai-common.podSecurityContext" -}}
{{- $values := .values | default .root.Values -}}
{{- $base := dict "seccompProfile" (dict "type" "RuntimeDefault") "runAsNonRoot" true -}}
{{- mustMergeOverwrite $base (deepCopy (.defaults | default dict)) ($values.podSecurityContext | default dict) | toYaml -}}
{{- end -}}

{{/*
pai-common.securityContext: the same for a container. A privileged one has all capabilities and may escalate, so the rest of the profile is left out:
the API refuses to forbid it one, and runtimes ignore dropped capabilities.
*/}}
{{- define "pai-common.securityContext" -}}
{{- $values := .values | default .root.Values -}}
{{- $base := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- $context := mustMergeOverwrite $base (deepCopy (.defaults | default dict)) ($values.securityContext | default dict) -}}
{{- if $context.privileged -}}
{{- $context = omit $context "capabilities" "allowPrivilegeEscalation" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{/*
pai-common.resources (dict "root" . "resources" .Values.resources "qos" (dict "limits" …)): the user's resources, or the legacy block when
`global.qos` is on, or an empty map.
*/}}
{{- define "pai-common.resources" -}}
{{- $global := include "pai-common.global" .root | fromYaml -}}
{{- if .resources -}}
{{- toYaml .resources -}}
{{- else if $global.qos -}}
{{- toYaml (.qos | default dict) -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/*
pai-common.env (dict "env" $map "extra" .Values.extraEnv): a container's env list made from maps of name → value, or name →
{valueFrom: …}. Names are unique (server-side apply refuses duplicates); references to Secrets come first, so that `$(NAME)` in a plain
value finds them; `extra` wins.
*/}}
{{- define "pai-common.env" -}}
{{- $all := mustMergeOverwrite (deepCopy .env) (.extra | default dict) -}}
{{- range $name, $value := $all }}
{{- if kindIs "map" $value }}
- name: {{ $name }}
  {{- toYaml $value | nindent 2 }}
{{- end }}
{{- end }}
{{- range $name, $value := $all }}
{{- if not (kindIs "map" $value) }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* pai-common.credentialsSecret: the name of the Secret that holds the release's credentials. */}}
{{- define "pai-common.credentialsSecret" -}}
{{- $root := .root | default . -}}
{{- (include "pai-common.global" $root | fromYaml).credentials.existingSecret | default (include "pai-common.serviceName" (dict "root" $root "service" "credentials")) -}}
{{- end -}}

{{/* pai-common.credential (dict "root" . "key" "jwt-secret"): {valueFrom: …} of one credential, as YAML; for pai-common.env use fromYaml. */}}
{{- define "pai-common.credential" -}}
valueFrom:
  secretKeyRef:
    name: {{ include "pai-common.credentialsSecret" .root }}
    key: {{ .key }}
{{- end -}}

{{/*
pai-common.podAnnotations (dict "root" . "checksums" (dict "config" (include … | sha256sum))): annotations of a pod template. A pod that reads
credentials passes "credentials" true, so that it restarts when they are rotated.
*/}}
{{- define "pai-common.podAnnotations" -}}
{{- $global := include "pai-common.global" .root | fromYaml -}}
{{- $annotations := dict -}}
{{- range $name, $sum := .checksums | default dict -}}
{{- $_ := set $annotations (printf "checksum/%s" $name) $sum -}}
{{- end -}}
{{- if and .credentials $global.credentials.revision -}}
{{- $_ := set $annotations "checksum/credentials" ($global.credentials.revision | toString) -}}
{{- end -}}
{{- $values := .values | default .root.Values -}}
{{- mustMergeOverwrite $annotations ($values.podAnnotations | default dict) | toYaml -}}
{{- end -}}
