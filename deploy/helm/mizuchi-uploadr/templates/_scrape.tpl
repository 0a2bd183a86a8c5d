{{/* One endpoint of a ServiceMonitor or a PodMonitor: the metrics on the admin port. */}}
{{- define "mizuchi-uploadr.scrape" -}}
- port: admin
  path: /metrics
  interval: {{ .interval }}
  scrapeTimeout: {{ .scrapeTimeout }}
  {{- with .relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
