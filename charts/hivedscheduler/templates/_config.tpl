{{/*
hivedscheduler.config: hivedscheduler.yaml, which HiveD and rest-server read. The port is the chart's; a pod that must wait holds up the others for
50 ms, as in the legacy deployment, so that jobs start about in the order they came.
*/}}
{{- define "hivedscheduler.config" -}}
{{- if not .Values.config.virtualClusters -}}
{{- fail "hivedscheduler.config.virtualClusters is empty: build this chart with `paichart build`, or set hivedscheduler.enabled and global.hived.enabled to false" -}}
{{- end -}}
{{- $address := printf ":%s" (include "pai-common.servicePort" (dict "root" . "service" "hivedscheduler")) -}}
{{- mustMergeOverwrite (dict "waitingPodSchedulingBlockMilliSec" 50) (deepCopy .Values.config) (dict "webServerAddress" $address) | toYaml -}}
{{- end -}}

{{/*
hivedscheduler.schedulerConfig: one scheduler serves all virtual clusters, by one profile each under the name that rest-server writes into job pods.
HiveD must be offered every node that fits, so none is left out of the search; it binds the pods itself, and the resource that marks its pods is on no node.
Whom to push out, kube-scheduler asks only where it lacks cpu or memory itself: a job that takes less of these than its share of a node leaves room in its
eyes, and then no other job can push it out (kubernetes/kubernetes#139270).
*/}}
{{- define "hivedscheduler.schedulerConfig" -}}
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection:
  leaderElect: false
percentageOfNodesToScore: 100
profiles:
  {{- range $name, $_ := .Values.config.virtualClusters }}
  - schedulerName: {{ printf "hivedscheduler-ds-%s" $name | quote }}
  {{- end }}
extenders:
  - urlPrefix: {{ include "pai-common.serviceUrl" (dict "root" . "service" "hivedscheduler") }}/v1/extender
    filterVerb: filter
    preemptVerb: preempt
    bindVerb: bind
    httpTimeout: {{ .Values.kubeScheduler.extenderTimeout }}
    nodeCacheCapable: true
    managedResources:
      - name: hivedscheduler.microsoft.com/pod-scheduling-enable
        ignoredByScheduler: true
{{- end -}}

{{/*
hivedscheduler.schedulerVersion: the scheduler's version as v1.30.5, from its tag or else from the cluster (`v1.30.5+k3s1`, `v1.29.4-gke.100`):
a scheduler may not be newer than its API server, and only plain versions are published.
*/}}
{{- define "hivedscheduler.schedulerVersion" -}}
{{- $pattern := "[0-9]+\\.[0-9]+(\\.[0-9]+)?" -}}
{{- $version := regexFind $pattern .Values.kubeScheduler.image.tag | default (regexFind $pattern .Capabilities.KubeVersion.Version) -}}
{{- printf "v%s%s" $version (eq (len (splitList "." $version)) 2 | ternary ".0" "") -}}
{{- end -}}
