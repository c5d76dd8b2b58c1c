import { SignerName } from '../../certificates/signer-rules.ts'
import { certificateSigningRequests } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import type { ObjectController } from '../object-controller.ts'
import { csrSigner, type CsrSignerOptions } from './csr-signer.ts'

/**
 * The signers of Kubernetes as one controller, which all sign with the same CA.
 *
 * Source: kubernetes `cmd/kube-controller-manager/app/certificates.go`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 */
export function csrSigners(options: Omit<CsrSignerOptions, 'signerName'>): ObjectController {
  const signers = Object.values(SignerName).map((signerName) => csrSigner({ ...options, signerName }))
  return {
    name: 'certificatesigningrequest-signing-controller',
    resources: [certificateSigningRequests],
    async reconcile(key, object) {
      // A request is for one signer; the others leave it alone.
      await Promise.all(signers.map((signer) => signer.reconcile(key, object)))
      return {}
    },
  }
}
