/** Flags that ask for something that cannot be had here, and what to do instead. */
export type RefusedFlags = Readonly<Record<string, string>>

const PRINTS = 'prints something and ends: there is nothing to serve then'

/** Those of authentication. */
export const REFUSED_FOR_AUTHENTICATION: RefusedFlags = {
  help: PRINTS,
  'insecure-allow-any-token':
    'lets everybody be anybody, and was removed in Kubernetes 1.8: leave it out, or give known tokens with --token-auth-file',
  version: PRINTS,
}

/** Those of authorization. */
export const REFUSED_FOR_AUTHORIZATION: RefusedFlags = {
  'authorization-policy-file':
    'policies of ABAC are not read here: say the same with roles, and --authorization-mode=RBAC',
  'authorization-rbac-super-user':
    'was removed before RBAC was stable: the group system:masters may do everything',
  help: PRINTS,
  version: PRINTS,
}

/** Modes of `--authorization-mode` that are refused. */
export const REFUSED_MODES: RefusedFlags = {
  ABAC: 'the mode ABAC reads policies that are not read here: say the same with roles, and the mode RBAC',
  Node: 'the mode Node needs the graph of the pods and nodes of a cluster, which is not here: leave it out, or ask the cluster with --authorization-kubeconfig',
}
