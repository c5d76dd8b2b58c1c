/** The kinds of files that are checked. */
export const KINDS = [
  'token-file',
  'password-file',
  'authentication',
  'authorization',
  'rbac',
  'kubeconfig',
  'webhook-kubeconfig',
  'audit-policy',
] as const

/** The kind of a file. */
export type Kind = (typeof KINDS)[number]
