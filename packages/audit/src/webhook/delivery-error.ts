import { KubeAuthnError } from '@kube-authn/core'

/**
 * Why events were lost: the buffer was full, the webhook did not accept them, or the log was closed. More may be added in a minor version;
 * handle the rest.
 */
export type AuditDeliveryErrorCode = 'bufferFull' | 'undelivered' | 'closed'

/** Events of an audit log were lost. The message contains no part of them, and no credential. */
export class AuditDeliveryError extends KubeAuthnError {
  override readonly name = 'AuditDeliveryError'
  readonly code: AuditDeliveryErrorCode
  readonly lostEvents: number

  constructor(code: AuditDeliveryErrorCode, lostEvents: number, why: string) {
    super(`${lostEvents} audit event${lostEvents === 1 ? ' was' : 's were'} lost: ${why}`)
    this.code = code
    this.lostEvents = lostEvents
  }
}
