{{/* openpai-runtime.policyVersion: the newest version of MutatingAdmissionPolicy that the cluster serves. */}}
{{- define "openpai-runtime.policyVersion" -}}
{{- $served := list -}}
{{- range list "v1" "v1beta1" "v1alpha1" -}}
{{- if $.Capabilities.APIVersions.Has (printf "admissionregistration.k8s.io/%s/MutatingAdmissionPolicy" .) -}}
{{- $served = append $served . -}}
{{- end -}}
{{- end -}}
{{- required "openpai-runtime.jobPodPolicy: this cluster serves no MutatingAdmissionPolicy (Kubernetes 1.36 does; before, it has to be switched on). `helm template` knows only with --api-versions" (first $served) -}}
{{- end -}}

{{/*
openpai-runtime.jobPodPatches: {patches: [CEL expressions]}, each of which gives a list of JSON patches. A job pod has one container, `app`, and pull secrets,
but may have no tolerations. Texts are written as JSON, which CEL reads alike.
*/}}
{{- define "openpai-runtime.jobPodPatches" -}}
{{- $policy := .Values.jobPodPolicy -}}
{{- $patches := list -}}
{{- with $policy.runtimeClassName -}}
{{- $patches = append $patches (printf `has(object.spec.runtimeClassName) ? [] : [JSONPatch{op: "add", path: "/spec/runtimeClassName", value: %s}]` (toJson .)) -}}
{{- end -}}
{{- if $policy.appArmorField -}}
{{- $patches = append $patches `!has(object.spec.containers[0].securityContext) || has(object.spec.containers[0].securityContext.appArmorProfile) ? [] : [JSONPatch{
  op: "add", path: "/spec/containers/0/securityContext/appArmorProfile",
  value: Object.spec.containers.securityContext.appArmorProfile{type: "Unconfined"}}]` -}}
{{- end -}}
{{- with $policy.tolerations -}}
{{- $wanted := list -}}
{{- range . -}}
{{- $fields := list -}}
{{- range $field, $value := . -}}
{{- $fields = append $fields (printf "%s: %s" $field (toJson $value)) -}}
{{- end -}}
{{- $wanted = append $wanted (printf "Object.spec.tolerations{%s}" (join ", " $fields)) -}}
{{- end -}}
{{- $patches = append $patches (printf `(has(object.spec.tolerations) ? [] : [JSONPatch{op: "add", path: "/spec/tolerations", value: []}]) +
[%s].map(wanted, JSONPatch{op: "add", path: "/spec/tolerations/-", value: wanted})` (join ", " $wanted)) -}}
{{- end -}}
{{- with $policy.imagePullSecrets -}}
{{- $patches = append $patches (printf `%s.filter(name, !object.spec.imagePullSecrets.exists(secret, secret.name == name)).map(name,
  JSONPatch{op: "add", path: "/spec/imagePullSecrets/-", value: Object.spec.imagePullSecrets{name: name}})` (toJson .)) -}}
{{- end -}}
{{- with $policy.imageMirror -}}
{{- /* An image whose first part has no dot and no port is one of Docker Hub; without a second part it is in `library`. */ -}}
{{- $patches = append $patches (printf `[object.spec.containers[0].image].map(image, image.startsWith("docker.io/") ? image.substring(10) : image)
.filter(image, !image.matches("^([^/]*[.:][^/]*|localhost)/"))
.map(image, JSONPatch{op: "replace", path: "/spec/containers/0/image", value: %s + (image.contains("/") ? image : "library/" + image)})` (toJson (printf "%s/" .))) -}}
{{- end -}}
{{- if not $patches -}}
{{- fail "openpai-runtime.jobPodPolicy is enabled but asks for nothing" -}}
{{- end -}}
{{- dict "patches" $patches | toYaml -}}
{{- end -}}
