{{/* storage-manager.nsswitch.conf: with security ADS users are asked of winbind too. */}}
{{- define "storage-manager.nsswitch.conf" -}}
passwd: compat winbind
group: compat winbind
shadow: compat
hosts: files dns
networks: files
protocols: files
services: files
ethers: files
rpc: files
{{- end -}}
