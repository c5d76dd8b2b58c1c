/** A signer of service account tokens behind a socket, as `--service-account-signing-endpoint` names it. @module */
export {
  type ExternalSigner,
  externalSignerAt,
  type ExternalSignerAtOptions,
} from './external-signer/external-signer-at.ts'
