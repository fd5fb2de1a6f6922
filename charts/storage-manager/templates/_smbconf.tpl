{{/* storage-manager.smb.conf: the configuration of Samba 4.3, which the image has. */}}
{{- define "storage-manager.smb.conf" -}}
{{- $domain := .Values.domain }}
# Samba 4.3. Sockets beside 445 are not published, so NetBIOS is off.
[global]
  workgroup = {{ .Values.workgroup }}
  security = {{ lower .Values.security }}
  smb ports = 445
  disable netbios = yes
  server min protocol = SMB2
  ntlm auth = no
  restrict anonymous = 2
  map to guest = never
  hosts allow = 127.0.0.1{{ if .Values.smb.enabled }} {{ join " " .Values.allowedNetworks }}{{ end }}
  load printers = no
  printing = bsd
  printcap name = /dev/null
  disable spoolss = yes
  log file = /var/log/storage/samba.log
  max log size = 10240
  log level = {{ int .Values.smb.logLevel }}
{{- if eq .Values.security "ADS" }}
  realm = {{ $domain.realm }}
  domain master = no
  local master = no
  preferred master = no
  template homedir = /share/pai/users/%U
  template shell = /bin/false
  winbind cache time = 300
  winbind enum users = no
  winbind enum groups = no
  winbind use default domain = no
  winbind nested groups = no
  winbind expand groups = 0
  winbind refresh tickets = yes
  winbind offline logon = no
  winbind max clients = 1500
  winbind max domain connections = 50
{{- range $domain.idmap }}
  {{ . }}
{{- end }}
{{- end }}
{{- range .Values.smb.extraGlobal }}
  {{ . }}
{{- end }}
{{- $domainUsers := eq .Values.security "ADS" | ternary ` %D\%U` "" }}
{{- $makeHome := printf "/usr/bin/sambauserhomecreate %%U %%D %%u %s" .Values.user }}

# The shares keep their names: clients mount them.
[root]
  comment = everything
  path = /share/pai
  valid users = {{ .Values.user }}
  writable = yes
  browseable = no
  create mask = 0777
  directory mask = 0777

[users]
  comment = folders of all users
  path = /share/pai/users
  valid users = {{ .Values.user }}
  writable = yes
  browseable = no
  root preexec = {{ $makeHome }}
  create mask = 0777
  directory mask = 0777

[home]
  comment = folder of the user who asks
  path = /share/pai/users/%U
  valid users = {{ .Values.user }}{{ $domainUsers }}
  writable = yes
  root preexec = {{ $makeHome }}
  create mask = 0777
  directory mask = 0777

[data]
  comment = data that all share
  path = /share/pai/data
  valid users = {{ .Values.user }}{{ $domainUsers }}
  writable = yes
  root preexec = /usr/bin/sambadatacreate {{ .Values.user }}
  create mask = 0777
  directory mask = 0777
  force create mode = 0777
  force directory mode = 0777
{{- end -}}
