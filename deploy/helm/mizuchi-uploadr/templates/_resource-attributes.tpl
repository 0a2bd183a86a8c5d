{{/* Variables with which OpenTelemetry names the pod ("Kubernetes attributes" of its semantic conventions). */}}
{{- define "mizuchi-uploadr.resourceAttributes" -}}
- name: K8S_NAMESPACE_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: K8S_POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: K8S_POD_UID
  valueFrom: { fieldRef: { fieldPath: metadata.uid } }
- name: K8S_NODE_NAME
  valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
- name: OTEL_RESOURCE_ATTRIBUTES
  {{- $attributes := list
    "k8s.namespace.name=$(K8S_NAMESPACE_NAME)"
    "k8s.pod.name=$(K8S_POD_NAME)"
    "k8s.pod.uid=$(K8S_POD_UID)"
    "k8s.node.name=$(K8S_NODE_NAME)"
    (printf "k8s.deployment.name=%s" (include "mizuchi-uploadr.fullname" .))
    "k8s.container.name=gateway" }}
  {{- range $name, $value := .Values.resourceAttributes.extra }}
  {{- $attributes = append $attributes (printf "%s=%s" $name (urlquery $value | replace "+" "%20")) }}
  {{- end }}
  value: {{ join "," $attributes | quote }}
{{- end -}}
