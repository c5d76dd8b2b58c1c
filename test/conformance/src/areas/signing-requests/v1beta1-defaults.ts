import {
  type BuiltInSigner,
  certificateRequestIn,
  SignerName,
  signerProblem,
} from '@kube-authn/server/internal'

/** What `certificates.k8s.io/v1beta1` lets a client leave out. */
export interface OldRequest {
  readonly spec: {
    readonly request?: string
    readonly signerName?: string
    readonly usages?: readonly string[]
  }
  readonly conditions: readonly { readonly type: string; readonly status?: string }[]
}

/**
 * A request of `certificates.k8s.io/v1beta1` with its defaults. That version is not served: Kubernetes removed it in 1.22.
 *
 * Source: kubernetes `pkg/apis/certificates/v1beta1/defaults.go`.
 */
export function withV1beta1Defaults({ spec, conditions }: OldRequest): OldRequest {
  const { request = '', usages = ['digital signature', 'key encipherment'] } = spec
  return {
    spec: { signerName: signerOf(request, usages), ...spec, usages },
    conditions: conditions.map((condition) => ({ status: 'True', ...condition })),
  }
}

function signerOf(request: string, usages: readonly string[]): BuiltInSigner {
  try {
    const parsed = certificateRequestIn(request)
    const isFor = (signer: BuiltInSigner): boolean => signerProblem(signer, parsed, usages) === undefined
    if (isFor(SignerName.kubeApiserverClientKubelet)) return SignerName.kubeApiserverClientKubelet
    return isFor(SignerName.kubeletServing) ? SignerName.kubeletServing : SignerName.legacyUnknown
  } catch {
    return SignerName.legacyUnknown
  }
}
