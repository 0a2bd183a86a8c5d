{{/* Names, labels, and the configuration that the values describe. */}}

{{- define "mizuchi-uploadr.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 55 characters, so that suffixes fit into the 63 of a Service. */}}
{{- define "mizuchi-uploadr.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $both .Values.fullnameOverride | trunc 55 | trimSuffix "-" -}}
{{- end -}}

{{- define "mizuchi-uploadr.selectorLabels" -}}
app.kubernetes.io/name: {{ include "mizuchi-uploadr.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mizuchi-uploadr.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "mizuchi-uploadr.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata of an object: dict "root" $ "name" … "labels" … "annotations" … */}}
{{- define "mizuchi-uploadr.metadata" -}}
metadata:
  name: {{ .name | default (include "mizuchi-uploadr.fullname" .root) }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "mizuchi-uploadr.labels" .root | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "mizuchi-uploadr.serviceAccountName" -}}
{{- default (ternary (include "mizuchi-uploadr.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "mizuchi-uploadr.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "mizuchi-uploadr.tlsSecretName" -}}
{{- default (printf "%s-tls" (include "mizuchi-uploadr.fullname" .)) .Values.tls.secretName -}}
{{- end -}}

{{/* The names of a Service inside the cluster, as a list in JSON: dict "root" $ "name" … */}}
{{- define "mizuchi-uploadr.serviceNames" -}}
{{- $namespaced := printf "%s.%s" .name .root.Release.Namespace -}}
{{- list .name $namespaced (printf "%s.svc" $namespaced) (printf "%s.svc.cluster.local" $namespaced) | toJson -}}
{{- end -}}

{{/* terminationGracePeriodSeconds: both phases of the shutdown, and 20 seconds for the telemetry of all processes. */}}
{{- define "mizuchi-uploadr.gracePeriod" -}}
{{- addf .Values.shutdown.delaySeconds .Values.shutdown.timeoutSeconds 20 | ceil | int -}}
{{- end -}}

{{/* The configuration file: config, and what the chart adds. */}}
{{- define "mizuchi-uploadr.config" -}}
{{- $ports := .Values.ports -}}
{{- $host := .Values.listenAddress -}}
{{- $server := dict
  "address" (printf "%s:%d" (ternary (printf "[%s]" $host) $host (contains ":" $host)) (int $ports.upload))
  "shutdown_delay_seconds" .Values.shutdown.delaySeconds
  "shutdown_timeout_seconds" .Values.shutdown.timeoutSeconds -}}
{{- if ne (toString .Values.workers) "1" -}}
{{- $_ := set $server "workers" .Values.workers -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- $tls := dict "cert_file" "/tls/tls.crt" "key_file" "/tls/tls.key" -}}
{{- if .Values.tls.clientCaSecretName -}}
{{- $_ := set $tls "client_ca_file" "/client-ca/ca.crt" -}}
{{- end -}}
{{- $_ := set $server "tls" $tls -}}
{{- end -}}
{{- $names := include "mizuchi-uploadr.serviceNames" (dict "root" . "name" (printf "%s-metrics" (include "mizuchi-uploadr.fullname" .))) | fromJsonArray -}}
{{- $given := dig "admin" "allowed_hosts" list .Values.config -}}
{{- $admin := dict "address" $host "port" (int $ports.admin) "allowed_hosts" (concat $names $given | uniq) -}}
{{- toYaml (mustMergeOverwrite (deepCopy .Values.config) (dict "server" $server "admin" $admin)) -}}
{{- end -}}

{{/* Fails for contradictions that a schema cannot describe. */}}
{{- define "mizuchi-uploadr.validate" -}}
{{- $owned := dict
  "server.address" "set listenAddress and ports.upload"
  "server.shutdown_delay_seconds" "set shutdown.delaySeconds"
  "server.shutdown_timeout_seconds" "set shutdown.timeoutSeconds"
  "server.workers" "set workers"
  "admin.address" "set listenAddress"
  "admin.port" "set ports.admin"
  "admin.enabled" "the probes need the admin port, so remove it"
  "metrics.address" "set listenAddress"
  "metrics.port" "set ports.admin"
  "metrics.allowed_hosts" "set config.admin.allowed_hosts"
  "metrics.max_connections" "set config.admin.max_connections" -}}
{{- range $path, $hint := $owned -}}
{{- $parts := splitList "." $path -}}
{{- if hasKey (get $.Values.config (first $parts) | default dict) (last $parts) -}}
{{- fail (printf "config.%s is set by the chart: %s" $path $hint) -}}
{{- end -}}
{{- end -}}
{{- range $name := list "cert_file" "key_file" "client_ca_file" -}}
{{- if hasKey (dig "server" "tls" dict $.Values.config) $name -}}
{{- fail (printf "config.server.tls.%s is set by the chart: set tls.enabled with tls.secretName and tls.clientCaSecretName" $name) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.ports.upload) (int .Values.ports.admin) -}}
{{- fail "ports.upload and ports.admin are the same: set ports.admin to another port" -}}
{{- end -}}
{{- if and .Values.tls.enabled (not .Values.tls.secretName) (not .Values.certManager.enabled) -}}
{{- fail "tls.enabled needs a certificate: set tls.secretName, or certManager.enabled" -}}
{{- end -}}
{{- if and (or .Values.certManager.enabled .Values.tls.clientCaSecretName) (not .Values.tls.enabled) -}}
{{- fail "certManager.enabled and tls.clientCaSecretName have no effect without tls.enabled: set tls.enabled" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor.enabled and podMonitor.enabled would scrape every pod twice: enable one of them" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.metricsService.enabled) -}}
{{- fail "serviceMonitor.enabled needs the metrics Service: set metricsService.enabled, or use podMonitor" -}}
{{- end -}}
{{- if and (or .Values.serviceMonitor.enabled .Values.podMonitor.enabled) (not (dig "metrics" "enabled" true .Values.config)) -}}
{{- fail "serviceMonitor and podMonitor need metrics: remove config.metrics.enabled" -}}
{{- end -}}
{{- $budget := .Values.podDisruptionBudget -}}
{{- if and $budget.enabled (eq (eq (toString $budget.maxUnavailable) "") (eq (toString $budget.minAvailable) "")) -}}
{{- fail "podDisruptionBudget needs one of maxUnavailable and minAvailable: set the other one to \"\"" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is larger than autoscaling.maxReplicas" -}}
{{- end -}}
{{- end -}}
