/** The configuration that the first run writes. */
export function writtenConfiguration(port: number, providerPort: number): string {
  return `# The configuration of the dashboard. Paths are relative to this file. A change counts after a restart.

# The dashboard as browsers see it: what the provider sends people back to.
publicUrl: https://localhost:${port}
listen:
  address: 127.0.0.1
  port: ${port}
  certFile: server.crt
  keyFile: server.key

# The OpenID Connect provider, at which the dashboard is a client.
# Register https://localhost:${port}/login/callback as its redirect URI, /logout/done for after a logout, and /logout/backchannel for back-channel logout.
provider:
  issuer: https://127.0.0.1:${providerPort}
  caFile: provider-ca.crt # leave it out for a provider with a public certificate
  clientId: dashboard
  clientSecretFile: client-secret
  scopes: [email, groups, offline_access]
  usernameClaim: email
  groupsClaim: groups
  groupsPrefix: 'oidc:' # so that no group of the provider is one of the cluster, such as system:masters

# The cluster. The user of this kubeconfig needs the verb impersonate, and nothing else.
upstream:
  kubeconfig: upstream.kubeconfig

sessions:
  keyFile: session-key # of: openssl rand -base64 32
  idleSeconds: 3600 # without an open page
  expirationSeconds: 43200 # at most
  checkSeconds: 10 # how soon an open page ends after its session
  refreshBeforeSeconds: 60 # how long before the end of an id token a new one is fetched

# Members of these groups see and end all sessions, and may see the cluster as others.
admins:
  groups: ['oidc:admins']
  impersonate: # leave it out, and they may not
    # users: [jane@example.com] # leave it out for every user but system:...
    groups: ['oidc:developers', 'oidc:accounting']
`
}
