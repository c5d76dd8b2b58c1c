/** Unsupported flags, and what to do instead. */
export type RefusedFlags = Readonly<Record<string, string>>

const PRINTS = 'prints something and exits, so there is nothing to serve'

export const REFUSED_FOR_AUTHENTICATION: RefusedFlags = {
  help: PRINTS,
  'insecure-allow-any-token':
    'lets a client claim any identity, and was removed in Kubernetes 1.8: omit it, or configure tokens with --token-auth-file',
  version: PRINTS,
}

export const REFUSED_FOR_AUTHORIZATION: RefusedFlags = {
  'authorization-policy-file':
    'ABAC is not supported: convert the policies to roles, and use --authorization-mode=RBAC',
  'authorization-rbac-super-user':
    'was removed before RBAC was stable: the group system:masters may do everything',
  help: PRINTS,
  version: PRINTS,
}

/** Unsupported modes of `--authorization-mode`. */
export const REFUSED_MODES: RefusedFlags = {
  ABAC: 'the mode ABAC is not supported: convert the policies to roles, and use the mode RBAC',
  Node: 'the mode Node is not supported, as it needs the pods and nodes of a cluster: omit it, or delegate to the cluster with --authorization-kubeconfig',
}
