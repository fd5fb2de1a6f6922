{{/*
pai-common.image (dict "root" . "image" .Values.image "upstream" "registry.k8s.io" "pai" true): a full image reference.

registry:  image.registry, else for OpenPAI's own images global.paiImages.registry, else global.imageRegistry (a mirror of
           everything, host and optional path), else the image's home (`upstream`, docker.io when not said).
namespace: OpenPAI's own images (`pai`) are named without one and get global.paiImages.namespace.
tag:       image.tag, else `tag` of the call, else for OpenPAI's own images global.paiImages.tag; image.digest wins over any tag.
*/}}
{{- define "pai-common.image" -}}
{{- $global := include "pai-common.global" .root | fromYaml -}}
{{- $image := .image -}}
{{- $registry := $image.registry | default (default false .pai | ternary $global.paiImages.registry "") | default $global.imageRegistry | default .upstream | default "docker.io" -}}
{{- $repository := $image.repository -}}
{{- if and .pai (not (contains "/" $repository)) -}}
{{- $repository = printf "%s/%s" $global.paiImages.namespace $repository -}}
{{- end -}}
{{- $name := printf "%s/%s" (trimSuffix "/" $registry) $repository -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- $tag := $image.tag | default .tag | default (default false .pai | ternary $global.paiImages.tag "") -}}
{{- printf "%s:%s" $name (required (printf "image %s has neither a tag nor a digest" $name) $tag) -}}
{{- end -}}
{{- end -}}

{{/* pai-common.imagePullPolicy (dict "root" . "image" .Values.image) */}}
{{- define "pai-common.imagePullPolicy" -}}
{{- .image.pullPolicy | default (include "pai-common.global" .root | fromYaml).imagePullPolicy -}}
{{- end -}}

{{/*
pai-common.runtimeImage: the OpenPAI runtime, which every job runs as its first init container. Our own small scripts
(labelling nodes, waiting for a dependency, `helm test`) run in it too, so that no further image has to be mirrored.
*/}}
{{- define "pai-common.runtimeImage" -}}
{{- $root := .root | default . -}}
{{- $global := include "pai-common.global" $root | fromYaml -}}
{{- $image := $global.runtimeImage | default dict -}}
{{- include "pai-common.image" (dict "root" $root "image" (mustMerge (deepCopy $image) (dict "repository" "openpai-runtime")) "pai" true) -}}
{{- end -}}
