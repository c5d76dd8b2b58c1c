import { AttributeType, type CertificateRequest, valuesOf } from '@kube-authn/x509'

/** The signers of Kubernetes. Source: api `certificates/v1/types.go`. */
export const SignerName = {
  kubeApiserverClient: 'kubernetes.io/kube-apiserver-client',
  kubeApiserverClientKubelet: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacyUnknown: 'kubernetes.io/legacy-unknown',
} as const

export type BuiltInSigner = (typeof SignerName)[keyof typeof SignerName]

/**
 * Why the signer does not issue a certificate for this request; `undefined` if it does.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go`, `pkg/apis/certificates/helpers.go`, also of the messages.
 */
export function signerProblem(
  signer: BuiltInSigner,
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  switch (signer) {
    case 'kubernetes.io/kube-apiserver-client':
      return clientUsageProblem(usages)
    case 'kubernetes.io/kube-apiserver-client-kubelet':
      return kubeletClientProblem(request, usages)
    case 'kubernetes.io/kubelet-serving':
      return kubeletServingProblem(request, usages)
    case 'kubernetes.io/legacy-unknown':
      return undefined
  }
}

/** The common name of a subject, the last one if there are several; `''` if there is none. */
export function commonNameOf({ subject }: Pick<CertificateRequest, 'subject'>): string {
  return valuesOf(subject, AttributeType.commonName).at(-1) ?? ''
}

const CLIENT_AUTH = 'client auth'
const OPTIONAL_FOR_CLIENTS: ReadonlySet<string> = new Set(['digital signature', 'key encipherment'])

function clientUsageProblem(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => usage !== CLIENT_AUTH && !OPTIONAL_FOR_CLIENTS.has(usage))
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes(CLIENT_AUTH)
    ? undefined
    : `missing required usage for client certificate: ${CLIENT_AUTH}`
}

function kubeletClientProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  return (
    organizationProblem(request) ??
    forbiddenNames(request, ['dns', 'email', 'ip', 'uri']) ??
    commonNameProblem(request) ??
    usagesProblem(usages, CLIENT_AUTH)
  )
}

function kubeletServingProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const hasHost = request.alternativeNames.some(({ kind }) => kind === 'dns' || kind === 'ip')
  return (
    organizationProblem(request) ??
    (hasHost ? undefined : 'DNS or IP subjectAltName is required') ??
    forbiddenNames(request, ['email', 'uri']) ??
    usagesProblem(usages, 'server auth') ??
    commonNameProblem(request)
  )
}

function organizationProblem({ subject }: CertificateRequest): string | undefined {
  const organizations = valuesOf(subject, AttributeType.organization)
  const isNode = organizations.length === 1 && organizations[0] === 'system:nodes'
  return isNode ? undefined : 'subject organization is not system:nodes'
}

function commonNameProblem(request: CertificateRequest): string | undefined {
  return commonNameOf(request).startsWith('system:node:')
    ? undefined
    : 'subject common name does not begin with system:node:'
}

const KINDS = { dns: 'DNS', email: 'Email', ip: 'IP', uri: 'URI' } as const

function forbiddenNames(
  { alternativeNames }: CertificateRequest,
  kinds: readonly (keyof typeof KINDS)[],
): string | undefined {
  const found = kinds.find((kind) => alternativeNames.some((name) => name.kind === kind))
  return found && `${KINDS[found]} subjectAltNames are not allowed`
}

/** @param purpose the usage that is required besides digital signature; key encipherment is optional. */
function usagesProblem(usages: readonly string[], purpose: string): string | undefined {
  const required = ['digital signature', purpose]
  const allowed = new Set([...required, 'key encipherment'])
  const given = new Set(usages)
  const isMatch =
    required.every((usage) => given.has(usage)) && [...given].every((usage) => allowed.has(usage))
  return isMatch ? undefined : `usages did not match [${[...allowed].toSorted().join(' ')}]`
}
