{{/*
Where a service keeps its data: a claim of the admin's, a volume of a storage class, or a folder on the master, where an old installation's data is found
again. All helpers take (dict "root" .) and read `persistence` of the chart's values, or what is passed as "persistence"; "name" replaces the name of the
claim, "volume" (data) names the pod's volume, "component" goes into the labels.
*/}}

{{/* pai-common.persistence: the `persistence` values that a helper is about, as YAML. */}}
{{- define "pai-common.persistence" -}}
{{- .persistence | default .root.Values.persistence | toYaml -}}
{{- end -}}

{{/* pai-common.onFolder: "true" when the data lies in a folder on the node. */}}
{{- define "pai-common.onFolder" -}}
{{- $own := include "pai-common.persistence" . | fromYaml -}}
{{- if not (or (eq (toString $own.enabled) "false") $own.existingClaim $own.storageClass) -}}
true
{{- end -}}
{{- end -}}

{{/* pai-common.claim: the name of the claim that holds the data. It never changes: another name would be an empty volume. */}}
{{- define "pai-common.claim" -}}
{{- (include "pai-common.persistence" . | fromYaml).existingClaim | default .name | default (include "pai-common.fullname" .root) -}}
{{- end -}}

{{/*
pai-common.persistentVolume: the claim, and for a folder its volume. They are objects of their own, not a claim template of a StatefulSet: so the claim can
grow by an upgrade, both are kept when the release is uninstalled, and a release of the same name finds them again.
*/}}
{{- define "pai-common.persistentVolume" -}}
{{- $own := include "pai-common.persistence" . | fromYaml -}}
{{- $root := .root -}}
{{- if not (or $own.existingClaim (eq (toString $own.enabled) "false")) }}
{{- $folder := include "pai-common.onFolder" . }}
{{- $volume := printf "%s-%s" $root.Release.Namespace (include "pai-common.claim" .) }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "pai-common.claim" . }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "pai-common.labels" . | nindent 4 }}
  annotations: {{- include "pai-common.keep" $root | nindent 4 }}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: {{ $own.storageClass | quote }}
  resources:
    requests:
      {{- /* A folder has no size, and a claim on a static volume can't be resized: so the request never changes. */}}
      storage: {{ if $folder }}1Mi{{ else }}{{ $own.size }}{{ end }}
  {{- if $folder }}
  volumeName: {{ $volume }}
---
apiVersion: v1
kind: PersistentVolume
metadata:
  name: {{ $volume }}
  labels: {{- include "pai-common.labels" . | nindent 4 }}
  annotations: {{- include "pai-common.keep" $root | nindent 4 }}
spec:
  accessModes: [ReadWriteOnce]
  capacity:
    storage: {{ $own.size }}
  storageClassName: ""
  persistentVolumeReclaimPolicy: Retain
  claimRef:
    apiVersion: v1
    kind: PersistentVolumeClaim
    name: {{ include "pai-common.claim" . }}
    namespace: {{ $root.Release.Namespace }}
  hostPath:
    path: {{ $own.hostPath }}
    type: DirectoryOrCreate
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            {{- if $own.node }}
            - key: kubernetes.io/hostname
              operator: In
              values: [{{ $own.node | quote }}]
            {{- else }}
            - key: pai-master
              operator: In
              values: ["true"]
            {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* pai-common.dataVolume: the pod's volume; a folder in memory of the pod's life when persistence is off. */}}
{{- define "pai-common.dataVolume" -}}
{{- $own := include "pai-common.persistence" . | fromYaml -}}
- name: {{ .volume | default "data" }}
  {{- if eq (toString $own.enabled) "false" }}
  emptyDir:
    sizeLimit: {{ $own.size }}
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ include "pai-common.claim" . }}
  {{- end }}
{{- end -}}

{{/*
pai-common.prepareFolder (dict "root" . "uid" 65534 "gid" 65534 "volume" "data"): for a folder on the node, an init container that gives it to the service's user, because
kubelet makes the folder as root and applies no fsGroup to it; nothing otherwise. Needs pai-common.scriptsVolume. A pod with several folders gives each
one's container a name ("container" "prepare-folder-logs").
*/}}
{{- define "pai-common.prepareFolder" -}}
{{- if include "pai-common.onFolder" . }}
- name: {{ .container | default "prepare-folder" }}
  image: {{ include "pai-common.runtimeImage" .root }}
  imagePullPolicy: {{ (include "pai-common.global" .root | fromYaml).imagePullPolicy }}
  command: [python3, /scripts/prepare_folder.py, /data, "{{ .uid }}", "{{ .gid }}"]
  resources:
    requests: {cpu: 10m, memory: 32Mi}
    limits: {cpu: 500m, memory: 64Mi}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    runAsNonRoot: false
    runAsUser: 0
    {{- /* To look into the folder and to give it away; nothing else. */}}
    capabilities: {drop: [ALL], add: [CHOWN, DAC_READ_SEARCH]}
  volumeMounts:
    - {name: scripts, mountPath: /scripts, readOnly: true}
    - {name: {{ .volume | default "data" }}, mountPath: /data}
{{- end }}
{{- end -}}
